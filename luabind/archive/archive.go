package archive

import (
	"context"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// Open makes the module.
func Open(L *lua.LState) int {
	module := L.NewTable()
	module.RawSetString("names", L.NewFunction(names))
	module.RawSetString("mbox", L.NewFunction(mbox))
	L.Push(module)
	return 1
}

// tableBytes is what a Lua table with three fields takes.
const tableBytes = 900

// names is archive.names(data [, filename]).
func names(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "archive.names"}
	data, filename := a.String(1, "data"), ""
	if !a.Absent(2) {
		filename = a.String(2, "filename")
	}
	fuel := guard.FuelOf(L)
	fuel.Alloc(L, len(data))
	members, defects := Names([]byte(data), filename, DefaultLimits(), func(n int) {
		fuel.Alloc(L, n)
		fuel.Charge(L, n/16)
	})
	list := L.NewTable()
	for i, m := range members {
		fuel.Alloc(L, tableBytes)
		t := L.NewTable()
		t.RawSetString("name", lua.LString(m.Name))
		t.RawSetString("depth", lua.LNumber(m.Depth))
		t.RawSetString("encrypted", lua.LBool(m.Encrypted))
		list.RawSetInt(i+1, t)
	}
	L.Push(list)
	list = L.NewTable()
	for i, text := range defects {
		list.RawSetInt(i+1, lua.LString(text))
	}
	L.Push(list)
	return 2
}

const (
	// lockTimeout is how long mbox waits for a lock unless told otherwise.
	lockTimeout = 5 * time.Second
	// waitSteps makes the fuel look at its clock while nothing runs.
	waitSteps = 1024
	// latest is the end of the year 9999, the last that a From_ line has room for.
	latest = 253402300799
)

// mbox is archive.mbox(path, message [, options]).
func mbox(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "archive.mbox"}
	path, message := a.String(1, "path"), a.String(2, "message")
	e, sync, timeout := mboxOptions(a)
	fuel := guard.FuelOf(L)
	ctx, cancel := fuel.Context()
	defer cancel()
	wait := timeout
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end)/2) // what the script does about an error takes time as well
	}
	ctx, cancel = context.WithTimeout(ctx, wait)
	defer cancel()
	err := Append(ctx, path, message, e, sync, func(n int) {
		if n == 0 {
			n = waitSteps * 16
		}
		fuel.Charge(L, n/16+1)
	})
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(lua.LTrue)
	return 1
}

func mboxOptions(a luabind.Args) (e Envelope, sync bool, timeout time.Duration) {
	e.Time, timeout = guard.ClockOf(a.L).Now(), lockTimeout
	if a.Absent(3) {
		return e, sync, timeout
	}
	a.Table(3, "options").ForEach(func(k, v lua.LValue) {
		ok := false
		switch k.String() {
		case "sender":
			var s lua.LString
			s, ok = v.(lua.LString)
			e.Sender = string(s)
		case "time":
			var n lua.LNumber
			n, ok = v.(lua.LNumber)
			if ok = ok && n >= 0 && n <= latest; ok {
				e.Time = time.Unix(int64(n), 0)
			}
		case "sync":
			var b lua.LBool
			b, ok = v.(lua.LBool)
			sync = bool(b)
		case "timeout":
			var n lua.LNumber
			n, ok = v.(lua.LNumber)
			if ok = ok && n >= 0 && n <= 3600; ok {
				timeout = time.Duration(float64(n) * float64(time.Second))
			}
		default:
			a.Fail(3, "options", fmt.Sprintf("there is no option %s: sender, time, sync and timeout are known", brief(k)))
		}
		if !ok {
			a.Fail(3, "options", fmt.Sprintf("%s cannot be %s", k, brief(v)))
		}
	})
	return e, sync, timeout
}

// brief is a value in an error, not all 64 MiB of it.
func brief(v lua.LValue) string { return fmt.Sprintf("%.40q", v.String()) }
