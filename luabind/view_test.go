package luabind

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"luamilter/protocol"
)

// check is a callback that asserts; each is a whole Lua chunk, run in on_mail.
func check(body string) string { return "function on_mail()\n" + body + "\nend" }

func TestWhatConnAndMsgKnow(t *testing.T) {
	f := load(t, check(`
		assert(conn.hostname == "mx.example" and conn.family == "inet" and conn.address == "192.0.2.1")
		assert(conn.port == 25 and conn.helo == "helo.example" and conn.id == "c1")
		assert(msg.sender == "a@example.org" and msg.id == "4Q1")
		assert(msg.sender_params.SIZE == "12" and msg.sender_params.SMTPUTF8 == true)
		assert(#msg.recipients == 2 and msg.recipients[1] == "b@example.net" and msg.recipients[2] == "C@Example.net")
		assert(msg.nothing == nil and conn.nothing == nil)`))
	f.mustCall(OnMail)
}

func TestFieldsAreKeptFromStateToState(t *testing.T) {
	f := load(t, `
		function on_mail()
			msg.s, msg.n, msg.b = "text", 1.5, false
			msg.list = { "a", { deep = { x = 1 } } }
			conn.seen = (conn.seen or 0) + 1
		end
		function on_eom()
			assert(msg.s == "text" and msg.n == 1.5 and msg.b == false)
			assert(msg.list[1] == "a" and msg.list[2].deep.x == 1)
			assert(conn.seen == 1)
			msg.s = nil
			assert(msg.s == nil)
		end`)
	f.mustCall(OnMail)
	other, err := f.script.NewState(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f.state = other
	f.mustCall(OnEOM)
}

func TestATableInAFieldIsKeptAsItIsWhenTheCallbackEnds(t *testing.T) {
	f := load(t, `
		function on_mail()
			local t = { 1 }
			msg.t = t
			t[2] = 2
			conn.t = t
		end
		function on_rcpt()
			table.insert(msg.t, 3)
			assert(#msg.t == 3)
			assert(#conn.t == 2)
		end
		function on_eom()
			assert(#msg.t == 3 and msg.t[3] == 3)
			assert(#conn.t == 2)
		end`)
	f.mustCall(OnMail)
	f.mustCall(OnRcpt)
	f.mustCall(OnEOM)
}

func TestWhatAStateKeepsOfATableIsNotTheMessages(t *testing.T) {
	f := load(t, `
		local leaked
		function on_mail() msg.t = { 1 } leaked = msg.t end
		function on_rcpt() leaked[1] = "other message" end
		function on_eom() assert(msg.t[1] == 1) end`)
	f.mustCall(OnMail)
	first := *f.scope
	other := &Message{}
	f.scope.Message, f.scope.MsgFields = other, NewMessageFields(other)
	f.mustCall(OnRcpt)
	*f.scope = first
	f.mustCall(OnEOM)
}

func TestFieldsThatCannotBeKept(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"a function", `msg.f = function() end`, "msg.f: a function can't be kept"},
		{"a function in a table", `msg.f = { 1, function() end }`, "msg.f: a function can't be kept"},
		{"a userdata", `conn.v = accept()`, "conn.v: a userdata can't be kept"},
		{"a coroutine", `msg.c = coroutine.create(function() end)`, "msg.c: a thread can't be kept"},
		{"a cycle", `local t = {} t.t = t msg.t = t`, "msg.t: a table that contains itself can't be kept"},
		{"a metatable", `msg.t = setmetatable({}, {})`, "msg.t: a table with a metatable can't be kept"},
		{"a very deep table", `local t = {} for i = 1, 60 do t = { t } end msg.t = t`, "msg.t: a table deeper than 50 can't be kept"},
		{"a builtin field of msg", `msg.sender = "x"`, "msg.sender is the host's own field"},
		{"a builtin field of conn", `conn.address = "x"`, "conn.address is the host's own field"},
		{"past the host by rawset", `rawset(msg, "sender", "x")`, "bad argument #1 to 'rawset'"},
		{"a list in place of a field", `table.insert(msg, "x")`, "bad argument #1 to 'insert'"},
		{"a walk over the fields", `for k in pairs(msg) do end`, "bad argument #1 to 'next'"},
		{"a walk by foreach", `table.foreach(msg, print)`, "bad argument #1 to 'foreach'"},
		{"fields as parameters", `add_recipient("a@b", conn)`, "bad argument #2 to 'add_recipient'"},
		{"a number as a field name", `msg[1] = "x"`, "msg: a field name is a string, not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, check(tt.lua))
			_, err := f.call(OnMail)
			wantFailure(t, err, tt.want)
			wantFailure(t, err, "filter.lua:2:")
		})
	}
}

func TestATableThatBecomesUnkeepableIsAnErrorWhenTheCallbackEnds(t *testing.T) {
	f := load(t, check(`msg.t = {} msg.t.f = function() end`))
	_, err := f.call(OnMail)
	if err == nil || !strings.Contains(err.Error(), "msg.t: a function can't be kept") {
		t.Errorf("got %v, want an error that names msg.t", err)
	}
}

func TestAKeyThatComesLaterIsCopiedOrRefusedLikeOneThatWasThere(t *testing.T) {
	tests := []struct{ name, key, want string }{
		{"a function", `function() end`, "msg.t: a function can't be kept"},
		{"a userdata", `accept()`, "msg.t: a userdata can't be kept"},
		{"a coroutine", `coroutine.create(function() end)`, "msg.t: a thread can't be kept"},
		{"a table", `key`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, `
				local key = { "as it was" }
				function on_mail() msg.t = {} end
				function on_rcpt() msg.t[`+tt.key+`] = true end
				function on_data() key[1] = "changed" end
				function on_eom() assert(next(msg.t)[1] == "as it was") end`)
			f.mustCall(OnMail)
			_, err := f.call(OnRcpt)
			if tt.want != "" {
				wantFailure(t, err, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f.mustCall(OnData)
			if f.state, err = f.script.NewState(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.mustCall(OnEOM)
		})
	}
}

func TestMoreFieldsThanStandInTheTable(t *testing.T) {
	f := load(t, `
		local function check(from)
			for i = 1, 300 do
				local want = i
				if i % 3 == 0 then want = nil elseif i % 7 == 0 and i >= from then want = "t" end
				local got = msg["f" .. i]
				if type(got) == "table" then got = got[1] end
				assert(got == want, i)
			end
		end
		function on_mail()
			for i = 1, 300 do msg["f" .. i] = i end
			for i = 3, 300, 3 do msg["f" .. i] = nil end
			check(1000)
		end
		function on_rcpt()
			check(1000)
			for i = 300, 7, -7 do msg["f" .. i] = i end
			for i = 7, 300, 7 do if i % 3 > 0 then msg["f" .. i] = { "t" } end end
			for i = 3, 300, 3 do msg["f" .. i] = nil end
			check(1)
		end
		function on_data() check(1) end`)
	f.mustCall(OnMail)
	first := f.state
	for _, cb := range []Callback{OnRcpt, OnData} {
		var err error
		if f.state, err = f.script.NewState(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.mustCall(cb)
	}
	f.state = first
	f.mustCall(OnData)
}

func TestWhatAFailingCallbackAssignedIsKeptWhetherTheFieldIsNewOrNot(t *testing.T) {
	f := load(t, `
		function on_mail()
			conn.old, msg.old, msg.gone, msg.table = 1, "a", true, 1
		end
		function on_rcpt()
			conn.old, msg.old, msg.gone, msg.table = 2, "b", nil, { "t" }
			conn.new, msg.new = 2, "b"
			error("failed")
		end
		function on_eom()
			assert(conn.new == 2 and msg.new == "b")
			assert(conn.old == 2 and msg.old == "b" and msg.gone == nil and msg.table[1] == "t")
		end`)
	f.mustCall(OnMail)
	if _, err := f.call(OnRcpt); err == nil {
		t.Fatal("got no error")
	}
	f.mustCall(OnEOM)
}

func TestMsgOutsideAMessage(t *testing.T) {
	for _, cb := range []Callback{OnConnect, OnHelo, OnClose} {
		f := load(t, "function "+cb.String()+"() assert(msg.x == nil and msg.sender == nil and msg.recipients == nil)\nmsg.x = 1 end")
		f.scope.Message, f.scope.MsgFields = nil, nil
		_, err := f.callWith(cb, &protocol.Event{Family: protocol.FamilyInet, Macros: f.scope.Macros})
		wantFailure(t, err, "filter.lua:2: msg.x: there is nothing to keep it for in "+cb.String())
	}
}

func TestTooMuchKeptOfOneMessage(t *testing.T) {
	tests := []struct{ name, lua string }{
		{"one long string", `msg.s = ("x"):rep(2 * 1024 * 1024)`},
		{"many fields", `for i = 1, 100000 do msg["f" .. i] = i end`},
		{"a growing table", `msg.t = {} for i = 1, 100000 do msg.t[i] = i end`},
		{"a table that is shared more often than it is large", `
			local t = { ("x"):rep(1000) } for i = 1, 40 do t = { t, t } end msg.t = t`},
		{"changes", `for i = 1, 100000 do add_header("X-A", "b") end`},
		{"a body", `replace_body(("x"):rep(2 * 1024 * 1024))`},
		{"a field of the connection", `conn.s = ("x"):rep(2 * 1024 * 1024)`},
		{"caught by the script", `pcall(function() msg.s = ("x"):rep(2 * 1024 * 1024) end) error("so what")`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, check(tt.lua))
			_, err := f.call(OnMail)
			failure, ok := err.(*Failure)
			if !ok || failure.Kind != KindOversize {
				t.Errorf("got %v, want a failure of kind %s", err, KindOversize)
			}
		})
	}
}

func TestAFieldThatIsOverwrittenIsCountedOnce(t *testing.T) {
	f := load(t, check(`for i = 1, 1000 do msg.s = ("x"):rep(1000 + i) end`))
	f.mustCall(OnMail)
	if got, most := f.scope.Message.size, int64(3000); got > most {
		t.Errorf("got %d bytes counted, want at most %d", got, most)
	}
}

func TestMacro(t *testing.T) {
	f := load(t, check(`assert(macro("i") == nil and macro("{auth_authen}") == nil)
		macro(nil)`))
	_, err := f.call(OnMail)
	wantFailure(t, err, "filter.lua:3: bad argument #1 to 'macro' (name: string expected, got nil)")
}

func TestArgumentsOfTheCallbacks(t *testing.T) {
	inet := protocol.Event{Hostname: "mx", Family: protocol.FamilyInet, Address: "192.0.2.1", Port: 9}
	tests := []struct {
		name   string
		cb     Callback
		ev     protocol.Event
		params string
		want   string
	}{
		{"connect by IPv4", OnConnect, inet, "h, f, a, p", "mx inet 192.0.2.1 9"},
		{"connect by IPv6", OnConnect, protocol.Event{Hostname: "mx", Family: protocol.FamilyInet6, Address: "2001:db8::1", Port: 9},
			"h, f, a, p", "mx inet6 2001:db8::1 9"},
		{"connect by unix socket", OnConnect, protocol.Event{Hostname: "mx", Family: protocol.FamilyUnix, Address: "/run/x"},
			"h, f, a, p", "mx unix /run/x nil"},
		{"connect from the unknown", OnConnect, protocol.Event{Hostname: "mx", Family: protocol.FamilyUnknown},
			"h, f, a, p", "mx unknown nil nil"},
		{"helo", OnHelo, protocol.Event{Name: "h"}, "a", "h"},
		{"mail", OnMail, protocol.Event{Mailbox: "<a@b>", Params: []string{"SIZE=1", "body=8BITMIME"}}, "s, p",
			"a@b {BODY=8BITMIME SIZE=1}"},
		{"mail from the null sender", OnMail, protocol.Event{Mailbox: "<>"}, "s", ""},
		{"mail without brackets", OnMail, protocol.Event{Mailbox: "a@b"}, "s", "a@b"},
		{"rcpt", OnRcpt, protocol.Event{Mailbox: "<a@b>", Params: []string{"X"}}, "s, p", "a@b {X=true}"},
		{"data", OnData, protocol.Event{}, "a", "nil"},
		{"header", OnHeader, protocol.Event{Name: "Subject", Value: "a\n b\xff"}, "n, v", "Subject a\n b\xff"},
		{"eoh", OnEOH, protocol.Event{}, "a", "nil"},
		{"body", OnBody, protocol.Event{Body: "a\r\n\x00\xff"}, "b", "a\r\n\x00\xff"},
		{"unknown", OnUnknown, protocol.Event{Value: "XFOO bar"}, "c", "XFOO bar"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, fmt.Sprintf(`
				local function show(v)
					if type(v) ~= "table" then return tostring(v) end
					local list = {}
					for k, x in pairs(v) do list[#list + 1] = k .. "=" .. tostring(x) end
					table.sort(list)
					return "{" .. table.concat(list, " ") .. "}"
				end
				function %s(%s)
					conn.got = %s
				end`, tt.cb, tt.params, showAll(tt.params)))
			tt.ev.Macros = f.scope.Macros
			if _, err := f.callWith(tt.cb, &tt.ev); err != nil {
				t.Fatal(err)
			}
			if got := f.scope.ConnFields.get("got").String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// showAll is a Lua expression that joins the parameters as text.
func showAll(params string) string {
	names := strings.Split(params, ", ")
	for i, n := range names {
		names[i] = "show(" + n + ")"
	}
	return strings.Join(names, ` .. " " .. `)
}
