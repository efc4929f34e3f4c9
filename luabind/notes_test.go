package luabind

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"luamilter/protocol"
)

// noted is Notes that keeps all of it.
type noted struct{ lines []string }

func (n *noted) Logged(script string, cb Callback, level slog.Level, text string, fields []slog.Attr) {
	n.lines = append(n.lines, fmt.Sprint(filepath.Base(script), " ", cb, " ", level, " ", text, fields))
}

func TestTheLineThatDecidedIsKnown(t *testing.T) {
	const script = `
local NO = reject("made at load time")
local function deny(text)
	return reject(text)
end
function on_connect() return NO end
function on_helo()
	local first = reject("a")
	local second = tempfail("b")
	local third = shutdown("c")
	return first
end
function on_mail()
	local a = accept()
	if a then
		return accept()
	end
end
function on_rcpt() return deny("x") end
function on_data() return continue() end
function on_eoh() return coroutine.wrap(function()
	return discard() end)()
end
function on_eom() local ok, v = pcall(reject, "caught"); return v end`
	f := load(t, script)
	for _, tt := range []struct {
		cb   Callback
		line int
	}{
		{OnConnect, 6}, {OnHelo, 8}, {OnMail, 16}, {OnRcpt, 4}, {OnData, 0}, {OnEOH, 22}, {OnEOM, 24},
	} {
		f.scope.Notes = &noted{}
		f.mustCall(tt.cb)
		if got := f.scope.Decided; got.Line != tt.line || tt.line > 0 && filepath.Base(got.File) != "filter.lua" {
			t.Errorf("%s: got %v, want line %d", tt.cb, got, tt.line)
		}
	}
}

func TestAVerdictOfAnEarlierCallbackIsNotTheOneThatDecided(t *testing.T) {
	f := load(t, `
local LATER = accept()
function on_mail() return accept() end
function on_rcpt()
	return LATER
end`)
	f.scope.Notes = &noted{}
	f.mustCall(OnMail)
	f.mustCall(OnRcpt)
	if got := f.scope.Decided.Line; got != 4 {
		t.Errorf("got line %d, want 4, where on_rcpt stands", got)
	}
}

func TestNobodyIsToldWhereNobodyWantsToKnow(t *testing.T) {
	f := load(t, `function on_mail() return accept() end`)
	if v := f.mustCall(OnMail); v.Kind != protocol.VerdictAccept || f.scope.Decided != (Place{}) {
		t.Errorf("got %v and %v, want accept and no place", v.Kind, f.scope.Decided)
	}
	if f.state.made.count != 0 {
		t.Errorf("got %d verdicts remembered, want none", f.state.made.count)
	}
}

func TestFailedAtReadsTheLine(t *testing.T) {
	f := load(t, "function on_mail()\n  error('no')\nend")
	_, err := f.call(OnMail)
	if got := FailedAt(err); got.Line != 2 || filepath.Base(got.File) != "filter.lua" {
		t.Errorf("got %v, want filter.lua:2", got)
	}
	if got := FailedAt(fmt.Errorf("other: %d", 1)); got.String() != "" {
		t.Errorf("got %q, want none", got)
	}
}

func TestNotesHearOfWhatIsPrinted(t *testing.T) {
	f := load(t, `function on_mail() print("one", 2) end`)
	n := &noted{}
	f.scope.Notes = n
	f.mustCall(OnMail)
	if got, want := strings.Join(n.lines, "|"), "filter.lua on_mail INFO one\t2[]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
