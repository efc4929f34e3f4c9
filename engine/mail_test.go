package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"luamilter/protocol"
)

func TestOnMessageReadsTheMessage(t *testing.T) {
	inMemoryAndFile(t, func(t *testing.T, change func(*Config)) {
		r := newRig(t, change, `
			function on_message(m)
				local files = {}
				for part in m:attachments() do table.insert(files, part.filename .. "=" .. #part.content) end
				print(table.concat({ m.subject, m.from[1].name, m.text, table.concat(files, ","), #m.body, #m.raw, m.size,
					m:raw_header("X-Tight"), m:raw_header("x-spam", 2), m:raw_header("content-type") }, "|"))
			end`)
		d := r.connect()
		for _, chunk := range []int{65535, 1, 7} {
			r.log.reset()
			d.send(multipart, chunk)
			a, err := d.EOM()
			d.ok(a, err)
			wantChanges(t, a, "continue", "")
			want := fmt.Sprintf("Grüße|Jörg|Schöne Grüße|setup.exe=12|%d|%d|%[2]d|no space|  two| multipart/mixed;\n\tboundary=\"b1\"",
				len(multipartBody), len(multipart))
			if len(r.log.lines(t, want)) != 1 {
				t.Errorf("chunks of %d: got log %s, want %q; failures %q", chunk, &r.log.buf, want, r.failures())
			}
		}
	})
}

func TestOnMessageIsAskedForByItself(t *testing.T) {
	r := newRig(t, nil, `negotiate { steps = { "SMFIP_NOBODY" } } function on_message(m) return nil end`)
	want := protocol.StepNoData | protocol.StepNoEOH | protocol.StepNoUnknown | protocol.StepLeadingSpace |
		protocol.StepNoReplyConnect | protocol.StepNoReplyHelo | protocol.StepNoReplyMail | protocol.StepNoReplyRcpt |
		protocol.StepNoReplyData | protocol.StepNoReplyUnknown | protocol.StepNoReplyHeader | protocol.StepNoReplyEOH |
		protocol.StepNoReplyBody
	got := r.host.Generation().Wants()
	if got.Steps != want {
		t.Errorf("got steps %v, want %v", got.Steps, want)
	}
	if want := protocol.ActionAddHeaders | protocol.ActionChangeHeaders | protocol.ActionChangeBody; got.Actions != want {
		t.Errorf("got actions %v, want %v", got.Actions, want)
	}
	if got := strings.Join(r.host.Generation().Scripts()[0].Callbacks(), " "); got != "on_message" {
		t.Errorf("got callbacks %q, want on_message", got)
	}
}

func TestOnMessageChangesHeaderFields(t *testing.T) {
	const edit = `function on_message(m)
		m:set_header("Subject", "[extern] " .. m.subject)
		m:delete_header("X-Spam")
		m:set_header("X-Tight", "no space")
		m:add_header("X-New", "one")
	end`
	const want = `change_header Subject 1: "[extern] =?utf-8?b?R3LDvMOfZQ==?="` + "\n" +
		`change_header X-Tight 1: "no space"` + "\n" +
		"delete_header x-spam 2\ndelete_header X-Spam 1\n" +
		`add_header X-New: "one"` + "\n"
	r := newRig(t, nil, edit)
	wantChanges(t, r.connect().deliver(multipart), "continue", want)

	t.Run("an MTA that sends no leading space", func(t *testing.T) {
		offer := offerAll
		offer.Steps &^= protocol.StepLeadingSpace
		d := newRig(t, nil, edit).negotiate(offer)
		d.ok(d.Connect("mx", protocol.FamilyInet, 25, "192.0.2.1"))
		tight := `change_header X-Tight 1: "no space"` + "\n" // as the field is read, it has the space already
		wantChanges(t, d.deliver(multipart), "continue", strings.Replace(want, tight, "", 1))
	})
}

func TestOnMessageChangesOnePartOnly(t *testing.T) {
	inMemoryAndFile(t, func(t *testing.T, change func(*Config)) {
		r := newRig(t, change, `function on_message(m)
			for part in m:attachments() do part:replace { filename = "WARNING.TXT", content = "gone\n" } end
		end`)
		a := r.connect().deliver(multipart)
		_, body := changes(a)
		want := strings.Replace(multipartBody, attachment,
			"content-type: text/plain; charset=us-ascii\r\n"+
				"Content-Disposition: attachment; filename=WARNING.TXT\r\n\r\ngone\r\n", 1)
		if body != want || len(a.Verdict.Changes) != 1 {
			t.Errorf("got changes %v and body\n%q, want\n%q", a.Verdict.Changes, body, want)
		}
	})
}

func TestOnMessageSeesAndKeepsBytesAsTheyAre(t *testing.T) {
	inMemoryAndFile(t, func(t *testing.T, change func(*Config)) {
		r := newRig(t, change, `function on_message(m)
			local n = 0
			for part in m:parts() do n = n + 1 if n == 1 then part:set_content("other") end end
		end`)
		mail := bigMail(300 << 10)
		a := r.connect().deliver(mail)
		_, body := changes(a)
		_, sent, _ := strings.Cut(mail, "\r\n\r\n")
		if want := strings.Replace(sent, "small", "other", 1); body != want {
			t.Errorf("got a body of %d bytes that is not the one of %d with its first part changed", len(body), len(want))
		}
	})
}

func TestSeveralScriptsEditOneMessage(t *testing.T) {
	r := newRig(t, nil,
		`function on_message(m) m:set_header("Subject", "one") m:add_footer { text = "first" } end`,
		`function on_header() end function on_eom() add_header("X-Eom", "2") end`,
		`function on_message(m)
			assert(m.subject == "one" and m.text:match("first\r?\n?$"), m.text)
			m:set_header("Subject", m.subject .. " two")
			m:add_footer { text = "second" }
			add_header("X-Message", "3")
		end`)
	a := r.connect().deliver("Subject: zero\r\nX: y\r\n\r\ntext\r\n")
	wantChanges(t, a, "continue", `add_header X-Eom: "2"`+"\n"+`add_header X-Message: "3"`+"\n"+
		`change_header Subject 1: "one two"`+"\nreplace_body 21 bytes\n")
	if _, body := changes(a); body != "text\r\nfirst\r\nsecond\r\n" {
		t.Errorf("got body %q; failures %q", body, r.failures())
	}
}

func TestWhatAnotherCallbackReplacedIsTheBodyOfTheMessage(t *testing.T) {
	const footer = `function on_message(m) m:add_footer { text = "footer" } end`
	tests := []struct {
		name    string
		scripts []string
		want    string
	}{
		{"on_eom of the same script", []string{`function on_eom() replace_body("new\r\n") end ` + footer}, "new\r\nfooter\r\n"},
		{"an earlier callback", []string{`function on_mail() replace_body("new\r\n") end ` + footer}, "new\r\nfooter\r\n"},
		{"a later script replaces what was edited", []string{footer, `function on_eom() replace_body("new\r\n") end`}, "new\r\n"},
		{"and edits it", []string{footer, `function on_eom() replace_body("new\r\n") end ` + footer}, "new\r\nfooter\r\n"},
		{"replace_body wins over edits of the same call",
			[]string{`function on_message(m) m:add_footer { text = "x" } replace_body("new\r\n") end`}, "new\r\n"},
		{"the script after that sees it", []string{`function on_message(m) replace_body("new\r\n") end`, footer}, "new\r\nfooter\r\n"},
		{"an edit that puts back what came", []string{`function on_message(m)
			for part in m:parts() do part:set_content("else") part:set_content("text\r\n") end end`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil, tt.scripts...)
			_, body := changes(r.connect().deliver("Subject: s\r\n\r\ntext\r\n"))
			if body != tt.want {
				t.Errorf("got body %q, want %q; failures %q", body, tt.want, r.failures())
			}
		})
	}
}

func TestOnMessageAndOnHeaderOfOneScript(t *testing.T) {
	script := func(space string) string {
		return space + note + `
			function on_header(n, v) note(n .. "[" .. v .. "]") end
			function on_message(m) note("[" .. m:raw_header("a") .. "]") end`
	}
	r := newRig(t, nil, script(""), script("negotiate { leading_space = true }"))
	r.connect().deliver("a: one\r\nb:two\r\n\r\n")
	if got, want := r.names(), "a[one] a[ one] b[two] b[two] [ one] [ one]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVerdictsOfOnMessage(t *testing.T) {
	const edits = `m:set_header("Subject", "x") m:add_footer { text = "y" } `
	tests := []struct{ verdict, want string }{
		{"reject('no')", "reject 550 5.7.1 no"},
		{"tempfail()", "tempfail 451 4.7.1 Service unavailable - try again later"},
		{"discard()", "discard"},
		{"shutdown()", "shutdown 421 4.7.0 Service unavailable - closing connection"},
		{"accept()", "continue"}, // the other script has not accepted it
		{"continue()", "continue"},
		{"nil", "continue"},
	}
	for _, tt := range tests {
		t.Run(tt.verdict, func(t *testing.T) {
			r := newRig(t, nil, note+`function on_message(m) `+edits+` return `+tt.verdict+` end
				function on_abort() note("first abort") end`,
				note+`function on_eom() note("second eom") end function on_abort() note("second abort") end`)
			a := r.connect().deliver("Subject: s\r\n\r\ntext\r\n")
			d := &dialogue{t: t}
			d.want(tt.want, a, nil)
			passed := a.Verdict.Kind == protocol.VerdictContinue
			list, _ := changes(a)
			heard := "second abort"
			if passed {
				heard = "second eom"
			}
			if (list != "") != passed || r.names() != heard {
				t.Errorf("got changes %q and callbacks %q, want %q", list, r.names(), heard)
			}
		})
	}
}

func TestAScriptThatHasEndedTheMessageIsNotCalledWithIt(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"accept in on_eom", `function on_eom() return accept() end`, "second"},
		{"accept in on_header", `function on_header() return accept() end`, "second"},
		{"reject in on_eom", `function on_eom() return reject() end`, ""},
		{"nothing", "", "first second"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil, tt.script+note+`function on_message(m) note("first") assert(m.body == "text") end`,
				note+`function on_message(m) note("second") assert(m.body == "text") end`)
			r.connect().deliver("Subject: s\r\n\r\ntext")
			if got := r.names(); got != tt.want || len(r.failures()) > 0 {
				t.Errorf("got %q, want %q; failures %q", got, tt.want, r.failures())
			}
		})
	}
}

func TestSkipDoesNotHideTheBodyFromOnMessage(t *testing.T) {
	for name, scripts := range map[string][]string{
		"the same script": {note + `function on_body(c) note("body") return skip() end
			function on_message(m) note(m.body) end`},
		"another script": {note + `function on_body(c) note("body") return skip() end`, note + `function on_message(m) note(m.body) end`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, scripts...)
			d := r.connect()
			d.send("Subject: s\r\n\r\none two", 3)
			a, err := d.EOM()
			d.ok(a, err)
			if got, want := r.names(), "body one two"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	r := newRig(t, nil, `function on_body(c) return skip() end`, `function on_eom() return accept() end function on_message(m) end
		function on_data() return accept() end`)
	d := r.connect()
	d.Mail("<a@b>")
	d.Rcpt("<b@b>")
	d.Data()
	a, err := d.Body("one")
	d.want("skip", a, err) // the script with on_message has accepted the message
}

func TestAFailingOnMessageLeavesNothingBehind(t *testing.T) {
	const before = `function on_message(m) m:set_header("Subject", "first") m:add_footer { text = "first" } end`
	fails := []struct{ name, code, want string }{
		{"an error", `error("boom")`, "on_message error continue"},
		{"a wrong result", `return 1`, "on_message result continue"},
		{"a wrong verdict", `return skip()`, "skip: only in on_body, not in on_message"},
		{"an endless loop", `while true do end`, "on_message time continue"},
		{"a value that can't be kept", `msg.m = m`, "a userdata can't be kept"},
		{"a wrong use", `m:set_header("a b", "x")`, "set_header: ' ' at byte 2 may not stand in the name"},
		{"more than may be kept", `for i = 1, 3 do m:add_part { content = ("x"):rep(500000) } end`, "on_message oversize continue"},
	}
	for _, tt := range fails {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.OnError, c.OnOversize, c.MessageTimeout = OnErrorContinue, OnErrorContinue, 1e9 }, before,
				`function on_message(m)
					add_header("X", "y") m:set_header("Subject", "second") m:add_footer { text = "second" } m:add_header("X", "z")
					`+tt.code+` end`)
			a := r.connect().deliver("Subject: s\r\n\r\ntext\r\n")
			_, body := changes(a)
			wantChanges(t, a, "continue", `change_header Subject 1: "first"`+"\nreplace_body 13 bytes\n")
			if body != "text\r\nfirst\r\n" {
				t.Errorf("got body %q", body)
			}
			r.wantFailure(tt.want)
		})
	}
}

func TestWhatTheMTADoesNotTakeIsAnErrorThatNamesIt(t *testing.T) {
	tests := []struct {
		offer protocol.Action
		code  string
		want  string
	}{
		{protocol.ActionAddHeaders | protocol.ActionChangeHeaders, `m:add_footer { text = "x" }`, "SMFIF_CHGBODY"},
		{protocol.ActionAddHeaders | protocol.ActionChangeBody, `m:set_header("Subject", "x")`, "SMFIF_CHGHDRS"},
		{protocol.ActionAddHeaders | protocol.ActionChangeBody, `m:delete_header("Subject")`, "SMFIF_CHGHDRS"},
		{protocol.ActionChangeHeaders | protocol.ActionChangeBody, `m:add_header("X", "x")`, "SMFIF_ADDHDRS"},
		{protocol.ActionChangeBody, `for p in m:parts() do p:set_content("ü") end`, "SMFIF_ADDHDRS"}, // Content-Type
	}
	for _, tt := range tests {
		t.Run(tt.want+" "+tt.code, func(t *testing.T) {
			r := newRig(t, nil, `function on_message(m)
				local before = m.raw
				local ok, err = pcall(function() `+tt.code+` end)
				assert(m.raw == before, "the edit is there all the same")
				error(err, 0)
			end`)
			offer := offerAll
			offer.Actions = tt.offer
			d := r.negotiate(offer)
			d.ok(d.Connect("mx", protocol.FamilyInet, 25, "192.0.2.1"))
			wantChanges(t, d.deliver("Subject: s\r\n\r\ntext"), "tempfail", "")
			r.wantFailure("filter1.lua:3: message: the MTA did not offer " + tt.want + ", or negotiate{actions=...} left it out")
		})
	}
}

func TestAMessageThatIsTooLargeGetsOnOversize(t *testing.T) {
	r := newRig(t, func(c *Config) { c.OnOversize = OnErrorReject; c.MaxMessageSize = 10000 },
		`function on_message(m) add_header("X-Size", m.size) end`)
	d := r.connect()
	for _, tt := range []struct {
		name, mail, verdict, changes string
	}{
		{"that fits", "Subject: s\r\n\r\n" + strings.Repeat("x", 9000), "continue", `add_header X-Size: "9014"` + "\n"},
		{"with a large body", "Subject: s\r\n\r\n" + strings.Repeat("x", 10000), "reject", ""},
		{"with many fields", strings.Repeat("A: b\r\n", 100) + "\r\ntext", "reject", ""},
		{"that fits again", "Subject: s\r\n\r\nx", "continue", `add_header X-Size: "15"` + "\n"},
	} {
		d.send(strings.Replace(tt.mail, "\r\n\r\n\r\n", "\r\n\r\n", 1), 1000)
		a, err := d.EOM()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(tt.name, func(t *testing.T) { wantChanges(t, a, tt.verdict, tt.changes) })
	}
	for _, f := range r.failures() {
		if !strings.HasPrefix(f, "on_message oversize reject: more than 10000 bytes of this message (--max-message-size)") {
			t.Errorf("got failure %q", f)
		}
	}
	if got := len(r.failures()); got != 2 {
		t.Errorf("got %d failures, want 2", got)
	}
}

func TestABodyThatCannotBeKeptGetsOnError(t *testing.T) {
	r := newRig(t, func(c *Config) { c.SpoolSize, c.OnError = 10, OnErrorReject },
		`function on_message(m) return nil end`, `function on_eom() return nil end`)
	t.Setenv("TMPDIR", "/nonexistent/folder")
	d := r.connect()
	wantChanges(t, d.deliver("Subject: s\r\n\r\nlonger than ten bytes"), "reject", "")
	r.wantFailure("on_message spool reject: keep the body: open /nonexistent/folder/luamilter-")
	wantChanges(t, d.deliver("Subject: s\r\n\r\nshort"), "continue", "")
	wantChanges(t, d.deliver("Subject: s\r\n\r\nshort"), "continue", "")
	if got := len(r.failures()); got != 1 {
		t.Errorf("got %d failures, want 1", got)
	}
}

func TestAFullDiskIsNamed(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full")
	}
	s := &spool{most: 4, file: full}
	if err := s.write("more than that"); err == nil || !strings.Contains(err.Error(), "keep the body: write /dev/full: no space left on device") {
		t.Errorf("got %v", err)
	}
	s.free()
}

func TestAcceptOfTheMessageByAllScripts(t *testing.T) {
	r := newRig(t, nil, `function on_message(m) m:set_header("Subject", "x") return accept() end`, `function on_eom() return accept() end`)
	wantChanges(t, r.connect().deliver("Subject: s\r\n\r\ntext"), "accept", `change_header Subject 1: "x"`+"\n")
}

func TestAMessageIsOverWithItsCallback(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States, c.SpoolSize, c.OnError = 1, 0, OnErrorContinue }, `
		local kept = {}
		function on_message(m)
			for name, use in pairs(kept) do print(name .. ": " .. tostring(select(2, pcall(use)))) end
			kept.field = function() return m.body end
			kept.method = function() m:set_header("X", "y") end
			local next_part = m:parts()
			local part = m:parts()()
			kept.iterator = function() return next_part() end
			kept.part = function() return part.content end
		end`)
	d := r.connect()
	wantChanges(t, d.deliver("Subject: s\r\n\r\ntext"), "continue", "")
	wantChanges(t, d.deliver("Subject: s\r\n\r\nother"), "continue", "")
	for _, name := range []string{"field", "method", "iterator", "part"} {
		found := false
		for line := range strings.Lines(r.log.buf.String()) {
			found = found || strings.Contains(line, name+": ") && strings.Contains(line, "the message is over")
		}
		if !found {
			t.Errorf("no line that the message is over for the %s; failures %q", name, r.failures())
		}
	}
}

func TestProgressAndTimeOfOnMessage(t *testing.T) {
	r := newRig(t, func(c *Config) { c.CallbackTimeout = 20e6 }, `
		function on_message(m)
			progress()
			local t = os.clock()
			while os.clock() - t < 0.1 do end -- longer than --callback-timeout
			progress()
		end`)
	a := r.connect().deliver("Subject: s\r\n\r\ntext")
	wantChanges(t, a, "continue", "")
	if a.Progress != 2 {
		t.Errorf("got %d times progress, want 2; failures %q", a.Progress, r.failures())
	}
}

func TestTheExampleOfTheReferenceRuns(t *testing.T) {
	reference, err := os.ReadFile("../docs/lua-api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(reference), "## The whole message: on_message\n\n```lua\n")
	example, _, _ := strings.Cut(chapter, "```")
	r := newRig(t, nil, example)
	a := r.connect().deliver(multipart)
	list, body := changes(a)
	if !strings.HasPrefix(list, `change_header Subject 1: "[extern] `) || !strings.Contains(body, "removed: setup.exe") {
		t.Errorf("got changes %q, body %q and failures %q", list, body, r.failures())
	}
}
