package guard

import (
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// clockSays runs an expression in a state with the clock and gives its value as text.
func clockSays(t *testing.T, clock *Clock, expression string) string {
	t.Helper()
	L := NewState(Options{Clock: clock})
	defer L.Close()
	chunk, err := Compile("test.lua", []byte("return tostring("+expression+")"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Run(L, chunk, 1); err != nil {
		t.Fatal(err)
	}
	return lua.LVAsString(L.Get(-1))
}

func TestScriptsAreToldTheTimeOfTheClock(t *testing.T) {
	clock := new(Clock)
	clock.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)))
	for _, c := range []struct{ name, expression, want string }{
		{"the time", `os.time()`, "1767319445"},
		{"the date", `os.date("%F %T")`, "2026-01-02 03:04:05"},
		{"the date in UTC", `os.date("!%T")`, "02:04:05"},
		{"another date in the zone of the clock", `os.date("%T", 0)`, "01:00:00"},
		{"a date as time, in the zone of the clock", `os.time{year=1970, month=1, day=1, hour=1}`, "0"},
		{"a date and back", `os.time(os.date("*t")) == os.time()`, "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := clockSays(t, clock, c.expression); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAClockThatIsMoved(t *testing.T) {
	clock := new(Clock)
	if since := time.Since(clock.Now()).Abs(); since > time.Minute {
		t.Errorf("before it is set it is %s off", since)
	}
	clock.Set(time.Unix(1000, 0))
	before := clock.Elapsed()
	clock.Advance(90 * time.Second)
	if got := clock.Now().Unix(); got != 1090 {
		t.Errorf("advanced to %d, want 1090", got)
	}
	if got := clock.Elapsed() - before; got != 90*time.Second {
		t.Errorf("advance moved os.clock by %s, want 1m30s", got)
	}
	clock.Set(time.Unix(0, 0))
	if got := clock.Elapsed() - before; got != 90*time.Second {
		t.Errorf("setting it back moved os.clock by %s, want nothing more", got-90*time.Second)
	}
	if a, b := clockSays(t, clock, "os.clock()"), clockSays(t, clock, "os.clock()"); a != b {
		t.Errorf("a clock that stands went from %s to %s", a, b)
	}
}
