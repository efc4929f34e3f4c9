package luabind

import (
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// timer is one call of every().
type timer struct {
	every time.Duration
	fn    *lua.LFunction
}

// Bounds of every(): a timer that never rests would be a loop, and a time.Duration has its end.
const (
	shortestTimer = 10 * time.Millisecond
	longestTimer  = 366 * 24 * time.Hour
)

// every is every(seconds, fn): while the script loads.
func every(L *lua.LState) int {
	st := stateOf(L)
	if !st.loading {
		L.RaiseError("every: only while the script loads, not in a callback")
	}
	a := Args{L, "every"}
	seconds, ok := L.Get(1).(lua.LNumber)
	if !ok {
		a.FailType(1, "seconds", "number")
	}
	interval := time.Duration(math.Min(float64(seconds), longestTimer.Seconds()+1) * float64(time.Second))
	if !(seconds > 0) || interval < shortestTimer || interval > longestTimer {
		a.Fail(1, "seconds", "from "+shortestTimer.String()+" to a year expected, got "+seconds.String())
	}
	fn, ok := L.Get(2).(*lua.LFunction)
	if !ok {
		a.FailType(2, "fn", "function")
	}
	st.timers = append(st.timers, timer{interval, fn})
	return 0
}

// RunTimer runs the function of the n-th call of every(). It belongs to no connection and no message.
func (st *State) RunTimer(n int, scope *Scope, limit Limit) error {
	if n >= len(st.timers) {
		return nil // the script did not call every() as often as when it was loaded first
	}
	ev := &protocol.Event{Macros: scope.Macros}
	_, err := st.callFunction(OnTimer, st.timers[n].fn, ev, scope, limit)
	return err
}
