package guard

import (
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func BenchmarkCallback(b *testing.B) {
	benchmarks := []struct{ name, body string }{
		{"empty", ``},
		{"loop of 10000", `for i = 1, 10000 do end`},
		{"pcall ok", `pcall(ok)`},
		{"pcall error", `pcall(bad)`},
		{"concat of two", `local s = name .. value`},
		{"concat of four", `local s = name .. ": " .. value .. 5`},
		{"find", `local a, b = find(header, "<[^@]+@[^>]+>")`},
		{"find plain", `local a, b = find(header, "@", 1, true)`},
		{"match", `local user, domain = match(header, "<([^@]+)@([^>]+)>")`},
		{"gsub", `local s = gsub(header, "%s+", " ")`},
		{"field access", `local x = conn.a; conn.b = x`},
		{"method", `local s = header:lower()`},
		{"coroutine", `local co = coroutine.wrap(function() coroutine.yield(1) end) co() co()`},
		{"format", `local s = string.format("%s: %d", name, 25)`},
	}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			fuel := NewFuel(NewMemory(0))
			L := NewState(Options{Fuel: fuel})
			defer L.Close()
			chunk := mustCompile(b, `
				local name, value, find, match, gsub = "Subject", "a value", string.find, string.match, string.gsub
				local header = 'From: "A.  Name"   <user.name@mail.example.org>'
				local conn = {a = 1, b = 2}
				local function ok() end
				local function bad() error("x") end
				function callback() `+bm.body+` end`)
			if err := Run(L, chunk, 0); err != nil {
				b.Fatal(err)
			}
			Seal(L)
			p := lua.P{Fn: L.GetGlobal("callback"), Protect: true}
			b.ReportAllocs()
			for b.Loop() {
				fuel.Begin(time.Second, nil)
				if err := L.CallByParam(p); err != nil {
					b.Fatal(err)
				}
				fuel.End()
			}
		})
	}
	b.Run("guard.Call", func(b *testing.B) {
		fuel := NewFuel(NewMemory(0))
		L := NewState(Options{Fuel: fuel})
		defer L.Close()
		if err := Run(L, mustCompile(b, `function callback() end`), 0); err != nil {
			b.Fatal(err)
		}
		fn := L.GetGlobal("callback")
		b.ReportAllocs()
		for b.Loop() {
			fuel.Begin(time.Second, nil)
			if err := Call(L, fn, 0); err != nil {
				b.Fatal(err)
			}
			fuel.End()
		}
	})
}

func BenchmarkNewState(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewState(Options{Fuel: NewFuel(nil)}).Close()
	}
}
