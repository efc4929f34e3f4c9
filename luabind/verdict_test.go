package luabind

import (
	"strings"
	"testing"

	"luamilter/protocol"
)

func TestVerdicts(t *testing.T) {
	tests := []struct {
		name, lua string
		cb        Callback
		want      string
	}{
		{"nothing is continue", ``, OnMail, "continue"},
		{"nil is continue", `return nil`, OnMail, "continue"},
		{"continue", `return continue()`, OnMail, "continue"},
		{"accept", `return accept()`, OnMail, "accept"},
		{"discard in a message", `return discard()`, OnRcpt, "discard"},
		{"skip in on_body", `return skip()`, OnBody, "skip"},
		{"reject has a default reply", `return reject()`, OnMail, "reject 550 5.7.1 Command rejected"},
		{"reject with a text", `return reject("no")`, OnMail, "reject 550 5.7.1 no"},
		{"reject with a code keeps the default xcode", `return reject(552, "too big")`, OnMail, "reject 552 5.7.1 too big"},
		{"reject with code and xcode", `return reject(550, "5.1.1", "who?")`, OnMail, "reject 550 5.1.1 who?"},
		{"reject with code and xcode alone keeps the default text", `return reject(550, "5.1.1")`, OnMail,
			"reject 550 5.1.1 Command rejected"},
		{"several texts make several lines", `return reject(550, "5.7.1", "one", "two")`, OnMail,
			"reject 550-5.7.1 one\n550 5.7.1 two"},
		{"a number is a text too", `return reject(550, "5.7.1", 42)`, OnMail, "reject 550 5.7.1 42"},
		{"a per cent sign stays literal", `return reject("100%")`, OnMail, "reject 550 5.7.1 100%"},
		{"tempfail has a default reply", `return tempfail()`, OnMail,
			"tempfail 451 4.7.1 Service unavailable - try again later"},
		{"tempfail with all", `return tempfail(450, "4.2.0", "later")`, OnRcpt, "tempfail 450 4.2.0 later"},
		{"shutdown has a default reply", `return shutdown()`, OnMail,
			"shutdown 421 4.7.0 Service unavailable - closing connection"},
		{"shutdown with a text", `return shutdown("bye")`, OnMail, "shutdown 421 4.7.0 bye"},
		{"a verdict through a local function", `local function no() return reject("no") end return no()`, OnMail,
			"reject 550 5.7.1 no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, "function "+tt.cb.String()+"() "+tt.lua+" end")
			v := f.mustCall(tt.cb)
			got := v.Kind.String()
			if v.Reply.Code != 0 {
				got += " " + v.Reply.String()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if v.Reply.Code != 0 {
				if err := v.Reply.Check(v.Kind); err != nil {
					t.Errorf("the reply does not pass the protocol's own check: %v", err)
				}
			}
		})
	}
}

func TestWrongVerdictsAreErrorsAtTheCallersLine(t *testing.T) {
	tests := []struct {
		name, lua string
		cb        Callback
		want      string
	}{
		{"reject with a 4yz code", `return reject(450, "x")`, OnMail,
			"filter.lua:2: bad argument #1 to 'reject' (code: 450 is not a code of reject, which takes 500 to 599)"},
		{"tempfail with a 5yz code", `return tempfail(550, "x")`, OnMail,
			"filter.lua:2: bad argument #1 to 'tempfail' (code: 550 is not a code of tempfail, which takes 400 to 499)"},
		{"shutdown with another code", `return shutdown(450, "x")`, OnMail, "450 is not a code of shutdown, which takes 421"},
		{"a code that is no whole number", `return reject(550.5, "x")`, OnMail, "550.5 is not a code"},
		{"an xcode of another class", `return reject(550, "4.7.1", "x")`, OnMail,
			"filter.lua:2: bad argument #2 to 'reject' (xcode: 4.7.1 does not match the code 550)"},
		{"CR in a text", `return reject("a\rb")`, OnMail, `(text: '\r' at byte 2 may not stand in a reply`},
		{"LF in a text", `return reject(550, "5.7.1", "ok", "a\nb")`, OnMail, `bad argument #4 to 'reject' (text: '\n' at byte 2`},
		{"NUL in a text", `return reject("a\0b")`, OnMail, `(text: '\x00' at byte 2`},
		{"a table as text", `return reject({})`, OnMail, "bad argument #1 to 'reject' (text: string expected, got table)"},
		{"a number is returned", `return 550`, OnMail, "filter.lua:1: on_mail returned a number; a verdict such as accept() is expected, or nothing"},
		{"a boolean is returned", `return true`, OnMail, "on_mail returned a boolean"},
		{"the function itself is returned", `return reject`, OnMail, "on_mail returned a function (are the parentheses of the verdict missing?)"},
		{"skip outside on_body", `return skip()`, OnHeader, "filter.lua:2: skip: only in on_body, not in on_header"},
		{"discard in on_connect", `return discard()`, OnConnect, "filter.lua:2: discard: not in on_connect"},
		{"discard in on_helo", `return discard()`, OnHelo, "discard: not in on_helo"},
		{"a verdict from on_abort", `return reject()`, OnAbort, "on_abort returned a value; nothing can be decided there"},
		{"a verdict from on_close", `return accept()`, OnClose, "on_close returned a value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, "function "+tt.cb.String()+"()\n"+tt.lua+"\nend")
			v, err := f.call(tt.cb)
			wantFailure(t, err, tt.want)
			if v.Kind != protocol.VerdictContinue {
				t.Errorf("got verdict %s beside the error, want none", v.Kind)
			}
		})
	}
}

func TestVerdictsMadeWhileLoadingAreLookedAtWhenReturned(t *testing.T) {
	tests := []struct {
		name, lua string
		cb        Callback
		want      string
	}{
		{"discard from on_connect", `discard()`, OnConnect, "filter.lua:2: discard: not in on_connect"},
		{"skip from on_header", `skip()`, OnHeader, "filter.lua:2: skip: only in on_body, not in on_header"},
		{"accept from on_unknown", `accept()`, OnUnknown, "filter.lua:2: accept: not in on_unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, "local made = "+tt.lua+"\nfunction "+tt.cb.String()+"() return made end")
			_, err := f.call(tt.cb)
			wantFailure(t, err, tt.want)
		})
	}
	f := load(t, "local no = reject('made early')\nfunction on_mail() return no end")
	if got := f.mustCall(OnMail).Reply.String(); got != "550 5.7.1 made early" {
		t.Errorf("got %q, want the verdict that was made while loading", got)
	}
}

func TestRepliesAreKeptToTheLimitsOfLibmilter(t *testing.T) {
	f := load(t, `
		function on_mail() return reject(("%"):rep(600), ("ä"):rep(600)) end
		function on_rcpt()
			local lines = {}
			for i = 1, 40 do lines[i] = "line " .. i end
			return reject(unpack(lines))
		end`)
	v := f.mustCall(OnMail)
	if got, want := len(v.Reply.Lines[0]), 490; got != want {
		t.Errorf("per cent signs: got %d, want %d, since each is sent twice", got, want)
	}
	if got, want := v.Reply.Lines[1], strings.Repeat("ä", 490); got != want {
		t.Errorf("two-byte characters: got %d bytes, want %d whole characters", len(got), len(want)/2)
	}
	if err := v.Reply.Check(v.Kind); err != nil {
		t.Error(err)
	}
	v = f.mustCall(OnRcpt)
	if got, want := len(v.Reply.Lines), 32; got != want {
		t.Errorf("got %d lines, want %d", got, want)
	}
}
