package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"luamilter/luabind/guard"
)

// clockRig is a host whose clock stands at the first second of 2026.
func clockRig(t *testing.T, source string) (*rig, *guard.Clock) {
	t.Helper()
	clock := new(guard.Clock)
	clock.Set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	return newRig(t, func(c *Config) { c.Clock = clock }, source), clock
}

func TestAdvanceRunsWhatIsDueInOrder(t *testing.T) {
	r, clock := clockRig(t, note+`
		every(40, function() note(os.date("%M:%S forty")) end)
		every(60, function() note(os.date("%M:%S sixty")) end)
		function on_mail() end`)
	for _, step := range []struct {
		by   time.Duration
		want string
	}{
		{39 * time.Second, ""},
		{1 * time.Second, "00:40 forty"},
		{100 * time.Second, "01:00 sixty 01:20 forty 02:00 forty 02:00 sixty"},
		{0, ""},
		{40 * time.Second, "02:40 forty 03:00 sixty"},
	} {
		r.log.reset()
		if err := r.host.Advance(t.Context(), step.by); err != nil {
			t.Fatal(err)
		}
		if got := r.names(); got != step.want {
			t.Errorf("after %s: got %q, want %q", step.by, got, step.want)
		}
	}
	if got, want := clock.Now(), time.Date(2026, 1, 1, 0, 3, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the clock says %s, want %s", got, want)
	}
}

func TestAdvanceEndsWithItsContext(t *testing.T) {
	r, _ := clockRig(t, note+`every(0.01, function() note("tick") end) function on_mail() end`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		r.log.wait(t, `"name":"tick"`, 3)
		cancel()
	}()
	if err := r.host.Advance(ctx, 300*24*time.Hour); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestTimersRestWhileTheClockStands(t *testing.T) {
	r, _ := clockRig(t, note+`every(0.01, function() note("tick") end) function on_mail() return nil end`)
	d := r.connect()
	d.message("a@example.org")
	if strings.Contains(r.names(), "tick") {
		t.Error("a timer ran by itself")
	}
}
