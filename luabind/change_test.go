package luabind

import (
	"reflect"
	"strings"
	"testing"

	"luamilter/protocol"
)

func TestChanges(t *testing.T) {
	tests := []struct {
		name, lua string
		want      protocol.Change
	}{
		{"add_header", `add_header("X-A", "b")`, protocol.Change{Code: protocol.ReplyAddHeader, Name: "X-A", Value: "b"}},
		{"add_header with a number", `add_header("X-A", 12)`, protocol.Change{Code: protocol.ReplyAddHeader, Name: "X-A", Value: "12"}},
		{"add_header folded with CRLF", `add_header("X-A", "b\r\n\tc")`,
			protocol.Change{Code: protocol.ReplyAddHeader, Name: "X-A", Value: "b\n\tc"}},
		{"insert_header", `insert_header(0, "X-A", "b")`, protocol.Change{Code: protocol.ReplyInsertHeader, Name: "X-A", Value: "b"}},
		{"change_header", `change_header("X-A", 2, "b")`,
			protocol.Change{Code: protocol.ReplyChangeHeader, Index: 2, Name: "X-A", Value: "b"}},
		{"delete_header with n", `delete_header("X-A", 3)`,
			protocol.Change{Code: protocol.ReplyChangeHeader, Index: 3, Name: "X-A"}},
		{"add_recipient", `add_recipient("d@example.com")`,
			protocol.Change{Code: protocol.ReplyAddRcpt, Value: "d@example.com"}},
		{"add_recipient with brackets", `add_recipient("<d@example.com>")`,
			protocol.Change{Code: protocol.ReplyAddRcpt, Value: "d@example.com"}},
		{"add_recipient with a quoted local part", `add_recipient('"a b>"@example.com')`,
			protocol.Change{Code: protocol.ReplyAddRcpt, Value: `"a b>"@example.com`}},
		{"add_recipient with parameters as a string", `add_recipient("d@example.com", "NOTIFY=NEVER")`,
			protocol.Change{Code: protocol.ReplyAddRcptPar, Value: "d@example.com", Params: "NOTIFY=NEVER"}},
		{"add_recipient with parameters as a table", `add_recipient("d@example.com", {NOTIFY="NEVER", A=true, B=false, C=1})`,
			protocol.Change{Code: protocol.ReplyAddRcptPar, Value: "d@example.com", Params: "A C=1 NOTIFY=NEVER"}},
		{"delete_recipient", `delete_recipient("b@example.net")`,
			protocol.Change{Code: protocol.ReplyDelRcpt, Value: "b@example.net"}},
		{"delete_recipient in other case is spelled as given", `delete_recipient("<c@example.NET>")`,
			protocol.Change{Code: protocol.ReplyDelRcpt, Value: "C@Example.net"}},
		{"change_sender", `change_sender("x@example.com", "RET=HDRS")`,
			protocol.Change{Code: protocol.ReplyChangeFrom, Value: "x@example.com", Params: "RET=HDRS"}},
		{"change_sender to the null sender", `change_sender("")`, protocol.Change{Code: protocol.ReplyChangeFrom}},
		{"replace_body", `replace_body("new\r\n")`, protocol.Change{Code: protocol.ReplyReplaceBody, Value: "new\r\n"}},
		{"replace_body by nothing", `replace_body("")`, protocol.Change{Code: protocol.ReplyReplaceBody}},
		{"quarantine", `quarantine("suspicious")`, protocol.Change{Code: protocol.ReplyQuarantine, Value: "suspicious"}},
	}
	for _, tt := range tests {
		for _, cb := range []Callback{OnMail, OnEOM} {
			t.Run(tt.name+" in "+cb.String(), func(t *testing.T) {
				f := load(t, "function "+cb.String()+"() "+tt.lua+" end")
				f.mustCall(cb)
				got := f.scope.Message.Resolve()
				if want := []protocol.Change{tt.want}; !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
				if missing := tt.want.Action() &^ f.script.Wants().Actions; missing != 0 {
					t.Errorf("the script does not ask for %s, which it needs", missing)
				}
			})
		}
	}
}

func TestWrongChangesAreErrorsAtTheCallersLine(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"no name", `add_header()`, "bad argument #1 to 'add_header' (name: string expected, got no value)"},
		{"no value", `add_header("X-A")`, "bad argument #2 to 'add_header' (value: string expected, got no value)"},
		{"a table as value", `add_header("X-A", {})`, "bad argument #2 to 'add_header' (value: string expected, got table)"},
		{"an empty name", `add_header("", "b")`, "a header field needs a name"},
		{"a colon in the name", `add_header("X-A:", "b")`, `(name: "X-A:" has ':'`},
		{"a space in the name", `add_header("X A", "b")`, `(name: "X A" has ' '`},
		{"8 bits in the name", `add_header("X-\195\164", "b")`, "which no header name may have"},
		{"NUL in the value", `add_header("X-A", "b\0")`, `(value: '\x00' at byte 2 may not stand in a header)`},
		{"a bare CR in the value", `add_header("X-A", "b\rc")`, `(value: '\r' at byte 2`},
		{"a line that would be a header of its own", `add_header("X-A", "b\nBcc: x")`, "would begin a new header"},
		{"a line feed at the end", `add_header("X-A", "b\n")`, "would begin a new header"},
		{"a value that no MTA takes", `add_header("X-A", ("x"):rep(70000))`, "70000 bytes; an MTA takes at most 65000"},
		{"an index below 0", `insert_header(-1, "X-A", "b")`, "bad argument #1 to 'insert_header' (index: a whole number from 0 on expected, got -1)"},
		{"an index that is no number", `insert_header("X-A", "b")`, "(index: number expected, got string)"},
		{"n of 0", `change_header("X-A", 0, "b")`, "bad argument #2 to 'change_header' (n: a whole number from 1 on expected, got 0)"},
		{"n that is not whole", `delete_header("X-A", 1.5)`, "(n: a whole number from 1 on expected, got 1.5)"},
		{"an empty recipient", `add_recipient("<>")`, "a recipient can't be empty"},
		{"a line feed in an address", `add_recipient("a@b\nRCPT TO:<c>")`, `at byte 4, which may not stand there`},
		{"two addresses in one", `add_recipient("a@b> <c@d")`, `has '>' at byte 4`},
		{"parameters of a wrong type", `add_recipient("a@b", {NOTIFY={}})`, "NOTIFY is a table"},
		{"a recipient that is not there", `delete_recipient("nobody@example.net")`, "<nobody@example.net> is no recipient of this message"},
		{"a line feed in parameters", `change_sender("a@b", "X\n")`, `bad argument #2 to 'change_sender' (params: "X\n" has '\n' at byte 2`},
		{"no body", `replace_body()`, "bad argument #1 to 'replace_body' (data: string expected, got no value)"},
		{"no reason", `quarantine("")`, "(reason: must say why)"},
		{"CR in the reason", `quarantine("a\rb")`, `(reason: '\r' at byte 2`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, "function on_eom()\n  add_header('X-Before', '1')\n  "+tt.lua+"\nend")
			_, err := f.call(OnEOM)
			wantFailure(t, err, "filter.lua:3: ")
			wantFailure(t, err, tt.want)
			if got := f.scope.Message.Resolve(); len(got) != 0 {
				t.Errorf("a failed callback left the changes %v, want none", got)
			}
		})
	}
}

func TestChangesAtTheWrongCallback(t *testing.T) {
	for _, change := range []string{
		`add_header("X-A", "b")`, `insert_header(0, "X-A", "b")`, `change_header("X-A", 1, "b")`, `delete_header("X-A")`,
		`add_recipient("a@b")`, `delete_recipient("a@b")`, `change_sender("a@b")`, `replace_body("")`, `quarantine("x")`,
	} {
		for _, cb := range []Callback{OnConnect, OnHelo, OnUnknown, OnAbort, OnClose} {
			f := load(t, "function "+cb.String()+"() "+change+" end")
			_, err := f.call(cb)
			wantFailure(t, err, "not in "+cb.String()+": a message can be changed from on_mail to on_message")
		}
		path := writeScripts(t, "filter.lua", change+"\nfunction on_mail() end")
		if _, err := Load(t.Context(), path, testEnv(nil)); err == nil || !strings.Contains(err.Error(), "only in a callback, not while the script loads") {
			t.Errorf("%s at load time: got %v, want an error", change, err)
		}
	}
}

func TestAChangeThatTheMTADidNotOfferNamesTheAction(t *testing.T) {
	f := load(t, `function on_eom() quarantine("x") end`)
	f.scope.Options.Actions = protocol.ActionsV2 &^ protocol.ActionQuarantine
	_, err := f.call(OnEOM)
	wantFailure(t, err, "quarantine: the MTA did not offer SMFIF_QUARANTINE")
}

func TestDeleteHeaderWithoutNDeletesAllHighestFirst(t *testing.T) {
	f := load(t, `function on_mail() delete_header("x-a") add_header("X-A", "new") end`)
	if !f.script.CountsHeaders() {
		t.Fatal("the script needs the headers counted, but does not say so")
	}
	f.mustCall(OnMail)
	for _, name := range []string{"X-A", "Subject", "x-a", "X-a"} {
		f.scope.Message.CountHeader(name, 0)
	}
	del := func(n uint32) protocol.Change {
		return protocol.Change{Code: protocol.ReplyChangeHeader, Index: n, Name: "x-a"}
	}
	want := []protocol.Change{del(3), del(2), del(1), {Code: protocol.ReplyAddHeader, Name: "X-A", Value: "new"}}
	if got := f.scope.Message.Resolve(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWithLeadingSpaceTheScriptWritesTheSpaceItself(t *testing.T) {
	f := load(t, `
		negotiate { leading_space = true }
		function on_header(name, value) msg.seen = (msg.seen or "") .. "[" .. value .. "]" end
		function on_eom() add_header("X-A", msg.seen) add_header("X-B", " b") end`)
	for _, ev := range []protocol.Event{{Name: "A", Value: "x"}, {Name: "B", Value: "y", NoSpace: true}} {
		if _, err := f.callWith(OnHeader, &ev); err != nil {
			t.Fatal(err)
		}
	}
	f.mustCall(OnEOM)
	want := []protocol.Change{
		{Code: protocol.ReplyAddHeader, Name: "X-A", Value: "[ x][y]", NoSpace: true},
		{Code: protocol.ReplyAddHeader, Name: "X-B", Value: "b"},
	}
	if got := f.scope.Message.Resolve(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestProgressIsKeptBackOutsideTheEndOfMessage(t *testing.T) {
	f := load(t, `function on_mail() progress() end`)
	f.mustCall(OnMail)
}

func TestDeleteHeaderTwiceDeletesOnce(t *testing.T) {
	f := load(t, `function on_eom() for i = 1, 1000 do delete_header("X-A") end end`)
	for range 1000 {
		f.scope.Message.CountHeader("X-A", 0)
	}
	f.mustCall(OnEOM)
	if got, want := len(f.scope.Message.Resolve()), 1000; got != want {
		t.Errorf("got %d changes, want %d", got, want)
	}
}

func TestARecipientCanBeDeletedInItsOwnCallback(t *testing.T) {
	f := load(t, `function on_rcpt(r) delete_recipient(r) add_recipient("new@example.net") end`)
	ev := &protocol.Event{Code: protocol.CodeRcpt, Mailbox: "<old@example.net>", Macros: f.scope.Macros}
	if _, err := f.callWith(OnRcpt, ev); err != nil {
		t.Fatal(err)
	}
	if got := f.scope.Message.Resolve(); len(got) != 2 || got[0].Value != "old@example.net" {
		t.Errorf("got %v, want old@example.net deleted and another added", got)
	}
}

func TestWhatARefusedChangeWouldHaveTakenIsNotCounted(t *testing.T) {
	f := load(t, `
		function on_mail()
			assert(not pcall(replace_body, ("x"):rep(2 * 1024 * 1024)))
			add_header("X-A", "b")
		end
		function on_rcpt()
			for i = 1, 100 do add_header("X-A", "b") end
			error("boom")
		end
		function on_data() error("another message's error") end`)
	f.mustCall(OnMail)
	size := f.scope.Message.size
	if _, err := f.call(OnRcpt); err == nil {
		t.Fatal("got no error, want boom")
	}
	if got := f.scope.Message.size; got != size {
		t.Errorf("got %d bytes counted after a callback that failed, want %d as before it", got, size)
	}
}

func TestAnOversizeThatWasCaughtIsNotTheNextFailure(t *testing.T) {
	f := load(t, `
		function on_mail() pcall(replace_body, ("x"):rep(2 * 1024 * 1024)) end
		function on_rcpt() error("boom") end`)
	f.mustCall(OnMail)
	_, err := f.call(OnRcpt)
	if failure, ok := err.(*Failure); !ok || failure.Kind != KindRaised {
		t.Errorf("got %v, want a failure of kind %s", err, KindRaised)
	}
}
