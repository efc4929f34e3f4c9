package luabind

import (
	"context"
	"testing"
	"time"

	"luamilter/protocol"
)

// BenchmarkCall is one callback with what it does, in a state that is at hand.
func BenchmarkCall(b *testing.B) {
	mail := protocol.Event{Code: protocol.CodeMail, Mailbox: "<alice@example.org>", Params: []string{"SIZE=1000"}}
	header := protocol.Event{Code: protocol.CodeHeader, Name: "Subject", Value: "hello world"}
	benchmarks := []struct {
		name, lua string
		cb        Callback
		ev        protocol.Event
	}{
		{"nothing", `function on_eoh() end`, OnEOH, protocol.Event{}},
		{"two strings", `function on_header(n, v) end`, OnHeader, header},
		{"a verdict", `function on_eoh() return accept() end`, OnEOH, protocol.Event{}},
		{"a reply", `function on_eoh() return reject(550, "5.7.1", "no") end`, OnEOH, protocol.Event{}},
		{"sender and parameters", `function on_mail(s, p) end`, OnMail, mail},
		{"read msg.sender", `function on_eoh() local x = msg.sender end`, OnEOH, protocol.Event{}},
		{"read and write a field", `function on_eoh() msg.n = (msg.n or 0) + 1 end`, OnEOH, protocol.Event{}},
		{"read a kept table", `function on_eoh() if not msg.t then msg.t = {1, 2, 3} end local x = msg.t[2] end`, OnEOH, protocol.Event{}},
		{"macro", `function on_eoh() macro("i") end`, OnEOH, protocol.Event{}},
		{"lower and find", `function on_header(n, v) if n:lower() == "subject" then v:find("spam", 1, true) end end`, OnHeader, header},
	}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			f := load(b, bm.lua)
			bm.ev.Macros = f.scope.Macros
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.state.Call(bm.cb, &bm.ev, f.scope, Limit{Time: time.Second}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkChange is add_header with its checks.
func BenchmarkChange(b *testing.B) {
	f := load(b, `function on_eom() add_header("X-Filtered-By", "luamilter") end`)
	ev := &protocol.Event{Code: protocol.CodeEOM, Macros: f.scope.Macros}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.state.Call(OnEOM, ev, f.scope, Limit{Time: time.Second}); err != nil {
			b.Fatal(err)
		}
		f.scope.Message.changes, f.scope.Message.size = f.scope.Message.changes[:0], 0
	}
}

// BenchmarkNewState is what a state costs that replaces one thrown away.
func BenchmarkNewState(b *testing.B) {
	f := load(b, `function on_eom() add_header("X-Filtered-By", "luamilter") end`)
	b.ReportAllocs()
	for b.Loop() {
		st, err := f.script.NewState(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		st.Close()
	}
}
