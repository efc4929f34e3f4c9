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

// BenchmarkBound is one call of each function that a script is given, with its checks, in a callback.
func BenchmarkBound(b *testing.B) {
	for _, call := range []string{
		`add_header("X-Filtered-By", "luamilter")`, `insert_header(0, "X-Filtered-By", "luamilter")`,
		`change_header("Subject", 1, "hello")`, `delete_header("Subject", 1)`, `delete_header("Subject")`,
		`add_recipient("d@example.org")`, `delete_recipient("b@example.net")`, `change_sender("d@example.org")`,
		`replace_body("a new body")`, `quarantine("look at it")`, `progress()`, `macro("i")`,
		`return continue()`, `return accept()`, `return discard()`, `return reject("no")`, `return reject(550, "5.7.1", "no")`,
		`return tempfail("later")`, `return shutdown()`,
	} {
		b.Run(call, func(b *testing.B) {
			f := load(b, "function on_eom() "+call+" end")
			ev := &protocol.Event{Code: protocol.CodeEOM, Macros: f.scope.Macros}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.state.Call(OnEOM, ev, f.scope, Limit{Time: time.Second}); err != nil {
					b.Fatal(err)
				}
				f.scope.Message.changes, f.scope.Message.size = f.scope.Message.changes[:0], 0
			}
		})
	}
}

// BenchmarkField compares a field of msg, and of conn, with one of another global table: each is read and written.
func BenchmarkField(b *testing.B) {
	for _, table := range []string{"plain", "msg", "conn"} {
		b.Run(table, func(b *testing.B) {
			f := load(b, `plain = {}
			function on_eom()
				`+table+`.n = 0
				for i = 1, 1000 do `+table+`.n = `+table+`.n + 1 end
			end`)
			ev := &protocol.Event{Code: protocol.CodeEOM, Macros: f.scope.Macros}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.state.Call(OnEOM, ev, f.scope, Limit{Time: time.Second}); err != nil {
					b.Fatal(err)
				}
			}
		})
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
