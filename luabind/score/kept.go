package score

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// The points of a message are a plain table in msg, {total = 7, 1 = {points = 5, reason = "..."}, ...}, since each callback
// may run in another Lua state; those of a connection are one in conn.

const (
	// maxReasons is how many entries are kept, so that a mail with many header fields costs no more than others. The
	// points of all further ones are kept as one.
	maxReasons = 100
	// maxReason is how long a reason may be (bytes).
	maxReason = 200
	moreText  = "more reasons"
)

// inMessage says whether a message is in progress, and raises while the script loads.
func inMessage(L *lua.LState) bool {
	return L.GetField(L.GetGlobal("msg"), "sender") != lua.LNil
}

// ledger is the kept table of msg or conn, nil where there is none yet.
func (s *scale) ledger(a luabind.Args, view string) *lua.LTable {
	v := a.L.GetField(a.L.GetGlobal(view), s.field)
	if v == lua.LNil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok || t.RawGetString("total").Type() != lua.LTNumber {
		a.L.RaiseError("%s: %s.%s holds something else than points; name another field in score.new", a.Name, view, s.field)
	}
	return t
}

// ledgers are the tables that count for what is in progress: the connection's and the message's.
func (s *scale) ledgers(a luabind.Args) []*lua.LTable {
	var all []*lua.LTable
	views := []string{"conn"}
	if inMessage(a.L) {
		views = append(views, "msg")
	}
	for _, view := range views {
		if t := s.ledger(a, view); t != nil {
			all = append(all, t)
		}
	}
	return all
}

func (s *scale) total(a luabind.Args) float64 {
	sum := 0.0
	for _, t := range s.ledgers(a) {
		sum += number(t, "total")
	}
	return rounded(sum)
}

// rounded makes 0.7 + 0.1 reach a limit of 0.8.
func rounded(points float64) float64 { return math.Round(points*1e6) / 1e6 }

func format(points float64) string { return strconv.FormatFloat(rounded(points), 'f', -1, 64) }

func number(t *lua.LTable, field string) float64 {
	n, _ := t.RawGetString(field).(lua.LNumber)
	return float64(n)
}

// keep adds points. A reason that the connection has already is replaced there: on_helo may come again.
func (s *scale) keep(a luabind.Args, points float64, reason string) {
	view := "conn"
	if inMessage(a.L) {
		view = "msg"
	}
	t := s.ledger(a, view)
	if t == nil {
		t = a.L.NewTable()
		t.RawSetString("total", lua.LNumber(0))
		a.L.SetField(a.L.GetGlobal(view), s.field, t)
	}
	n := t.Len()
	at := n + 1
	if view == "conn" {
		at = place(t, n, reason)
	}
	before, after := 0.0, points
	if at > maxReasons {
		at, reason = maxReasons+1, moreText
	}
	if old, ok := t.RawGetInt(at).(*lua.LTable); ok {
		before = number(old, "points")
	}
	if at > maxReasons {
		after += before
	}
	entry := a.L.NewTable()
	entry.RawSetString("points", lua.LNumber(after))
	entry.RawSetString("reason", lua.LString(reason))
	t.RawSetInt(at, entry)
	t.RawSetString("total", lua.LNumber(number(t, "total")+after-before))
}

// place is where the reason stands among the n entries, or behind them.
func place(t *lua.LTable, n int, reason string) int {
	for i := 1; i <= n; i++ {
		if entry, ok := t.RawGetInt(i).(*lua.LTable); ok && entry.RawGetString("reason") == lua.LString(reason) {
			return i
		}
	}
	return n + 1
}

// each calls f for every entry, those of the connection first.
func (s *scale) each(a luabind.Args, f func(points float64, reason string)) {
	for _, t := range s.ledgers(a) {
		for i := 1; i <= min(t.Len(), maxReasons+1); i++ {
			guard.FuelOf(a.L).Charge(a.L, 10)
			if entry, ok := t.RawGetInt(i).(*lua.LTable); ok {
				reason, _ := entry.RawGetString("reason").(lua.LString)
				f(number(entry, "points"), string(reason))
			}
		}
	}
}

// clean makes a reason fit for one line of a log or a header field, whatever mail it was made of.
func clean(reason string) string {
	cut := reason
	if len(cut) > maxReason {
		cut = cut[:maxReason]
		for i := 1; i < utf8.UTFMax && !utf8.RuneStart(reason[len(cut)]); i++ {
			cut = cut[:len(cut)-1]
		}
	}
	cut = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(cut, "?"))
	if len(reason) > maxReason {
		cut += "..."
	}
	return cut
}
