package luabind

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"luamilter/protocol"
)

func TestScriptsThatDoNotLoad(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  string
	}{
		{"a syntax error", []string{"filter.lua", "function on_mail()\n  return return\nend"}, "filter.lua:2: "},
		{"an error at load time", []string{"filter.lua", "function on_mail() end\nerror('not today')"}, "filter.lua:2: not today"},
		{"a call of nothing", []string{"filter.lua", "function on_mail() end\n\nnosuch()"}, "filter.lua:3: "},
		{"no callback", []string{"filter.lua", "local x = 1"}, "filter.lua: defines no callback, such as on_mail or on_eom"},
		{"an unknown callback", []string{"filter.lua", "function on_eom() end\nfunction on_recipient() end"},
			"filter.lua:2: there is no callback on_recipient; did you mean on_rcpt?"},
		{"a callback in another spelling", []string{"filter.lua", "function on_headers() end"},
			"filter.lua:1: there is no callback on_headers; did you mean on_header?"},
		{"an unknown callback that is like none", []string{"filter.lua", "function on_xyzzy_plugh() end"},
			"filter.lua:1: there is no callback on_xyzzy_plugh"},
		{"a callback that is no function", []string{"filter.lua", "on_mail = 'x'"}, "filter.lua:1: on_mail is a string, not a function"},
		{"a verdict that is dropped", []string{"filter.lua", "function on_mail()\n  if true then reject('x') end\nend"},
			"filter.lua:2: the verdict of reject() is dropped; write: return reject(...)"},
		{"each dropped verdict", []string{"filter.lua", "function on_mail()\n  accept()\n  discard()\nend"},
			"filter.lua:2: the verdict of accept() is dropped; write: return accept(...)\n"},
		{"a dropped verdict in a module", []string{"filter.lua", "local m = require 'sub.m'\nfunction on_mail() end",
			"sub/m.lua", "return {f = function()\n tempfail() end}"}, "sub/m.lua:2: the verdict of tempfail() is dropped"},
		{"a missing module", []string{"filter.lua", "require 'nosuch'\nfunction on_mail() end"},
			`filter.lua:1: require: module "nosuch" not found: no nosuch.lua or nosuch/init.lua beside`},
		{"a module outside the folder", []string{"filter.lua", "require '../x'\nfunction on_mail() end"}, `"../x" is no module name`},
		{"a module with a syntax error", []string{"filter.lua", "require 'm'\nfunction on_mail() end", "m.lua", "\n\nx x"}, "m.lua:3: "},
		{"modules that require each other", []string{"filter.lua", "require 'a'\nfunction on_mail() end",
			"a.lua", "require 'b'", "b.lua", "require 'a'"}, `"a" requires itself: a -> b -> a`},
		{"an endless loop", []string{"filter.lua", "while true do end\nfunction on_mail() end"}, "filter.lua:1: "},
		{"on_load refuses", []string{"filter.lua", "function on_mail() end\nfunction on_load() error('no database') end"},
			"filter.lua:2: no database"},
		{"a bad option of negotiate", []string{"filter.lua", "negotiate { leading_spaces = true }\nfunction on_mail() end"},
			"filter.lua:1: negotiate: leading_spaces: no such option"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := testEnv(new(bytes.Buffer))
			env.LoadLimit = 300 * time.Millisecond
			_, err := Load(t.Context(), writeScripts(t, tt.files...), env)
			if err == nil {
				t.Fatalf("it loaded, want an error with %q", tt.want)
			}
			if _, ok := err.(*LoadError); !ok {
				t.Errorf("got a %T, want a *LoadError", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAMissingScriptIsOneClearLine(t *testing.T) {
	_, err := Load(t.Context(), "/nonexistent/filter.lua", testEnv(new(bytes.Buffer)))
	if got, want := err.Error(), "/nonexistent/filter.lua: no such file or directory"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRequire(t *testing.T) {
	path := writeScripts(t,
		"filter.lua", `
			local m, n = require "lib.m", require "n"
			assert(require "lib.m" == m, "a module runs once")
			assert(require "host" == "the host's")
			assert(m.name == "lib.m" and n == true)
			function on_mail() assert(require "lib.m" == m) return m.no() end
			function on_rcpt() return require "late" end`,
		"lib/m.lua", `return { name = ..., no = function() return reject("m says no") end }`,
		"n/init.lua", `n_was_here = true`,
		"late.lua", `return 1`)
	var out bytes.Buffer
	script, err := Load(t.Context(), path, testEnv(&out))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first state compiled the modules, the second shares them
		st, err := script.NewState(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		f := load(t, "function on_mail() end")
		v, err := st.Call(OnMail, &protocol.Event{Macros: f.scope.Macros}, f.scope, Limit{Time: time.Second})
		if err != nil || v.Reply.String() != "550 5.7.1 m says no" {
			t.Errorf("got %v, %v, want the module's verdict", v, err)
		}
		_, err = st.Call(OnRcpt, &protocol.Event{Macros: f.scope.Macros}, f.scope, Limit{Time: time.Second})
		wantFailure(t, err, `require: "late" was not loaded with the script`)
	}
}

func TestGlobalsAreReadOnlyOnceTheScriptHasLoaded(t *testing.T) {
	tests := []struct{ name, lua string }{
		{"a new global", `counter = 1`},
		{"an old global", `on_mail = nil`},
		{"through _G", `_G.counter = 1`},
		{"in a nested function", `(function() counter = 1 end)()`},
		{"by a function statement", `function helper() end`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := load(t, "limit = 5\nfunction on_mail()\n"+tt.lua+"\nend")
			_, err := f.call(OnMail)
			wantFailure(t, err, "filter.lua:3: ")
			if !strings.Contains(err.Error(), "msg") {
				t.Errorf("got %q, want it to name msg", err)
			}
		})
	}
}

func TestWhatIsNegotiated(t *testing.T) {
	const all = protocol.StepNoData | protocol.StepNoHeaders | protocol.StepNoEOH | protocol.StepNoBody | protocol.StepNoUnknown
	const quiet = protocol.StepNoReplyConnect | protocol.StepNoReplyHelo | protocol.StepNoReplyMail | protocol.StepNoReplyRcpt |
		protocol.StepNoReplyData | protocol.StepNoReplyUnknown | protocol.StepNoReplyHeader | protocol.StepNoReplyEOH | protocol.StepNoReplyBody
	tests := []struct {
		name, lua string
		actions   protocol.Action
		steps     protocol.Step
	}{
		{"on_eom alone costs one round trip", `function on_eom() end`, 0, all | quiet},
		{"a callback with a verdict is answered", `function on_mail() return accept() end`, 0, all | quiet&^protocol.StepNoReplyMail},
		{"a callback without one is not", `function on_mail() return end`, 0, all | quiet},
		{"a verdict in an inner function is not the callback's", `function on_mail() local f = function() return 1 end end`, 0, all | quiet},
		{"a tail call may give a verdict", `function on_data() return decide() end function decide() end`, 0,
			(all | quiet) &^ (protocol.StepNoData | protocol.StepNoReplyData)},
		{"on_body may skip", `function on_body() return skip() end`, 0,
			(all|quiet)&^(protocol.StepNoBody|protocol.StepNoReplyBody) | protocol.StepSkip},
		{"on_header without verdict", `function on_header() end`, 0, (all | quiet) &^ protocol.StepNoHeaders},
		{"a function that is named asks for its action", `function on_eom() local f = add_header f("A", "b") end`,
			protocol.ActionAddHeaders, all | quiet},
		{"a local of that name does not", `function on_eom() local add_header = print add_header("A", "b") end`, 0, all | quiet},
		{"delete_header with n needs no headers", `function on_eom() delete_header("A", 1) end`, protocol.ActionChangeHeaders, all | quiet},
		{"delete_header without n needs them", `function on_eom() delete_header("A") end`, protocol.ActionChangeHeaders,
			(all | quiet) &^ protocol.StepNoHeaders},
		{"actions can be asked for by less", `negotiate { actions = {"SMFIF_CHGBODY"} } function on_eom() add_header("A", "b") replace_body("") end`,
			protocol.ActionChangeBody, all | quiet},
		{"steps can be asked for by less", `negotiate { steps = { milter.SMFIP_NOBODY, "SMFIP_NR_BODY" } } function on_body() return end`, 0,
			all | quiet | protocol.StepSkip},
		{"the envelope always comes", `negotiate { steps = milter.SMFIP_ALLPROTOS } function on_eom() end`, 0,
			all | quiet},
		{"leading space and rejected recipients", `negotiate { leading_space = true, rejected_recipients = true } function on_eom() end`, 0,
			all | quiet | protocol.StepLeadingSpace | protocol.StepRcptRejected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := load(t, tt.lua).script.Wants()
			if got.Actions != tt.actions {
				t.Errorf("actions: got %s, want %s", got.Actions, tt.actions)
			}
			if got.Steps != tt.steps {
				t.Errorf("steps: got %s more and %s less than wanted", got.Steps&^tt.steps, tt.steps&^got.Steps)
			}
		})
	}
}

func TestTheUnionOfSeveralScripts(t *testing.T) {
	a := load(t, `negotiate { macros = { mail = {"auth_authen"}, eom = {} } } function on_header() return accept() end function on_eom() end`).script
	b := load(t, `negotiate { macros = { mail = {"{auth_type}"} } } function on_header() end function on_data() replace_body("") end`).script
	got := Union([]*Script{a, b})
	for _, off := range []protocol.Step{protocol.StepNoHeaders, protocol.StepNoReplyHeader, protocol.StepNoData} {
		if got.Steps&off != 0 {
			t.Errorf("got %s turned off, but a script needs it", off)
		}
	}
	if got.Steps&protocol.StepNoBody == 0 || got.Steps&protocol.StepNoReplyData == 0 {
		t.Errorf("got %s, want what no script needs turned off", got.Steps)
	}
	if want := protocol.ActionChangeBody | protocol.ActionSetSymList; got.Actions != want {
		t.Errorf("got actions %s, want %s", got.Actions, want)
	}
	if got, want := strings.Join(got.Macros[protocol.StageMail], " "), "i {auth_authen} {auth_type}"; got != want {
		t.Errorf("got macros %q at mail, want %q", got, want)
	}
	if got, want := strings.Join(got.Macros[protocol.StageEOM], " "), "i"; got != want {
		t.Errorf("got macros %q at eom, want %q: the log needs the queue id", got, want)
	}
}

func TestNegotiateRefuses(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"no table", `negotiate(1)`, "bad argument #1 to 'negotiate' (options: table expected, got number)"},
		{"a word for a boolean", `negotiate { leading_space = "yes" }`, "leading_space: true or false expected, got string"},
		{"an unknown action", `negotiate { actions = {"SMFIF_NOSUCH"} }`, `actions: "SMFIF_NOSUCH" is not known`},
		{"a step for an action", `negotiate { actions = {"SMFIP_NOBODY"} }`, `the names are those in the table milter that begin with SMFIF_`},
		{"an unknown stage", `negotiate { macros = { body = {} } }`, `"body" is no stage`},
		{"a macro that is no name", `negotiate { macros = { mail = {"a b"} } }`, `mail: "a b" is no macro name`},
		{"too many macros", `local t = {} for i = 1, 49 do t[i] = "m" .. i end negotiate { macros = { mail = t } }`, "49 names; an MTA takes at most 48"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(t.Context(), writeScripts(t, "filter.lua", tt.lua+"\nfunction on_mail() end"), testEnv(new(bytes.Buffer)))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "filter.lua:1: ") {
				t.Errorf("got %v, want filter.lua:1: and %q", err, tt.want)
			}
		})
	}
	f := load(t, "function on_mail() negotiate {} end")
	_, err := f.call(OnMail)
	wantFailure(t, err, "negotiate: only while the script loads, not in a callback")
}

func TestTheTableMilter(t *testing.T) {
	load(t, `
		assert(milter.SMFIF_ADDHDRS == 1 and milter.SMFIF_SETSYMLIST == 0x100 and milter.SMFIP_HDR_LEADSPC == 0x100000)
		assert(milter.SMFIF_ALLOPTS == 0x1FF and milter.SMFIF_ALLOPTS_V2 == 0x3F and milter.SMFIF_ALLOPTS_V6 == 0x1FF)
		assert(milter.SMFIP_ALLPROTOS == 0x1FFFFF and milter.SMFIP_ALLPROTOS_V2 == 0x7F and milter.SMFIP_ALLPROTOS_V6 == 0x1FFFFF)
		assert(milter.version == "1.2.3")
		function on_mail() end`)
}

func TestWarnings(t *testing.T) {
	f := load(t, "local count = 0\nfunction on_mail()\n  count = count + 1\n  last = count\nend")
	var got []string
	for _, w := range f.script.Warnings() {
		_, message, _ := strings.Cut(w.String(), "filter.lua:")
		got = append(got, message)
	}
	want := []string{
		"3: the file's local count is assigned in a function: each Lua state has its own; use msg.count or conn.count",
		"4: global last is assigned in a function: an error once the script has loaded; use msg.last or conn.last",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintWritesALogLine(t *testing.T) {
	f := load(t, `print("loading", 1) function on_mail() print("judging", nil) end`)
	if got := f.log.String(); !strings.Contains(got, `msg="loading\t1" script=`) {
		t.Errorf("got log %q, want the text and the script", got)
	}
	f.mustCall(OnMail)
	if got := f.log.String(); !strings.Contains(got, `msg="judging\tnil"`) || !strings.Contains(got, "callback=on_mail id=4Q1") {
		t.Errorf("got log %q, want the text, the callback and the queue id", got)
	}
}

func TestAFailedCallbackSaysWhereAndHow(t *testing.T) {
	f := load(t, "local function deep()\n  error('boom')\nend\nfunction on_mail()\n  deep()\nend")
	_, err := f.call(OnMail)
	failure := err.(*Failure)
	if failure.Kind != KindRaised || !strings.HasSuffix(failure.Message, "filter.lua:2: boom") {
		t.Errorf("got %s %q, want kind %s and the line of the error", failure.Kind, failure.Message, KindRaised)
	}
	if !strings.HasSuffix(failure.Traceback, "filter.lua:5: in on_mail") {
		t.Errorf("got traceback %q, want the caller's line and name at its end", failure.Traceback)
	}
	f = load(t, "function on_mail()\n  while true do end\nend")
	_, err = f.state.Call(OnMail, &protocol.Event{Macros: f.scope.Macros}, f.scope, Limit{Time: 20 * time.Millisecond})
	if failure := err.(*Failure); failure.Kind != KindTime || !strings.Contains(failure.Message, "filter.lua:2:") {
		t.Errorf("got %s %q, want kind %s and the line of the loop", failure.Kind, failure.Message, KindTime)
	}
}
