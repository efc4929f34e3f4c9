package protocol

import (
	"net"
	"strings"
	"testing"
)

// rawMilter is a milter that answers each burst of the Client with the next of its replies, and
// keeps what it was sent.
func rawMilter(t testing.TB, replies ...string) (c *Client, sent func() []string) {
	near, far := net.Pipe()
	var got []byte
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		buf := make([]byte, 1<<20)
		for _, r := range replies {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			got = append(got, buf[:n]...)
			if r == "" {
				return
			}
			if _, err := far.Write([]byte(r)); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = near.Close(); <-done })
	return NewClient(near), func() []string { _ = near.Close(); <-done; return frames(t, got) }
}

func answerTo(o Options) string { return string(appendOptions(nil, o)) }

func TestClientKeepsToWhatWasNegotiated(t *testing.T) {
	all := Options{Version: 6, Steps: StepNoHelo | StepNoReplyMail | StepNoReplyRcpt | StepLeadingSpace}
	c, sent := rawMilter(t, answerTo(all), frame("c"), frame("c"), frame("c"))
	if _, err := c.Negotiate(offerV6); err != nil {
		t.Fatal(err)
	}
	if err := c.Macros(CodeHelo, "tls", "1"); err != nil {
		t.Fatal(err)
	}
	want(t, "helo", must(t)(c.Helo("x")), Answer{})
	want(t, "mail", must(t)(c.Mail("<a@b>", "SIZE=1")), Answer{Sent: true})
	if err := c.Macros(CodeRcpt, "rcpt_addr", "b", "i", "Q"); err != nil {
		t.Fatal(err)
	}
	want(t, "rcpt", must(t)(c.Rcpt("<b@c>")), Answer{Sent: true})
	want(t, "data", must(t)(c.Data()), Answer{Sent: true})
	want(t, "header", must(t)(c.Header("A", "b")), Answer{Sent: true})
	want(t, "raw header", must(t)(c.HeaderRaw("A", "b")), Answer{Sent: true})
	want(t, "sent", strings.Join(sent()[1:], "|"),
		"M<a@b>\x00SIZE=1\x00|DR{rcpt_addr}\x00b\x00i\x00Q\x00|R<b@c>\x00|T|LA\x00 b\x00|LA\x00b\x00")
}

func TestClientWithoutLeadingSpaceRemovesOne(t *testing.T) {
	c, sent := rawMilter(t, frame("c"), frame("c"), frame("c"))
	must(t)(c.Header("A", "b"))
	must(t)(c.HeaderRaw("A", "  b"))
	must(t)(c.HeaderRaw("A", "b"))
	want(t, "sent", strings.Join(sent(), "|"), "LA\x00b\x00|LA\x00 b\x00|LA\x00b\x00")
}

func TestClientSendsTheMacrosThatWereChosen(t *testing.T) {
	got := Options{Version: 6, Actions: ActionSetSymList, Macros: map[Stage][]string{StageMail: {"{auth_authen}", "i"}, StageRcpt: {}}}
	c, sent := rawMilter(t, answerTo(got), frame("c"), frame("c"))
	if _, err := c.Negotiate(offerV6); err != nil {
		t.Fatal(err)
	}
	for _, code := range []Code{CodeMail, CodeRcpt} {
		if err := c.Macros(code, "auth_authen", "u", "{mail_addr}", "a", "i", "Q"); err != nil {
			t.Fatal(err)
		}
		if code == CodeMail {
			must(t)(c.Mail("<a@b>"))
		} else {
			must(t)(c.Rcpt("<a@b>"))
		}
	}
	want(t, "sent", strings.Join(sent()[1:], "|"), "DM{auth_authen}\x00u\x00i\x00Q\x00|M<a@b>\x00|R<a@b>\x00")
	if err := c.Macros(CodeMail, "odd"); err == nil {
		t.Error("a name without a value was taken")
	}
	if err := c.Macros(CodeQuit, "i", "Q"); err == nil {
		t.Error("macros for QUIT were taken")
	}
}

func TestClientSplitsTheBodyAndSkipsTheRest(t *testing.T) {
	c, sent := rawMilter(t, answerTo(Options{Version: 6, Steps: StepSkip}), frame("c"), frame("s"), frame("c"), frame("c"))
	if _, err := c.Negotiate(offerV6); err != nil {
		t.Fatal(err)
	}
	a := must(t)(c.Body(strings.Repeat("x", 3*65535)))
	want(t, "verdict", a.Verdict.Kind, VerdictSkip)
	want(t, "after skip", must(t)(c.Body("y")), Answer{})
	must(t)(c.EOM())
	want(t, "next message", must(t)(c.Body("z")), Answer{Sent: true})
	var sizes []int
	for _, f := range sent()[1:] {
		sizes = append(sizes, len(f))
	}
	want(t, "frames", sizes, []int{65536, 65536, 1, 2})
}

func TestClientReadsChanges(t *testing.T) {
	got := Options{Version: 6, Actions: AllActions, Steps: StepLeadingSpace}
	c, _ := rawMilter(t, answerTo(got),
		frame("p")+frame("hA\x00 b\x00")+frame("p")+frame("bone ")+frame("btwo")+frame("qwhy\x00")+frame("y550 5.7.1 100%%\x00"))
	if _, err := c.Negotiate(offerV6); err != nil {
		t.Fatal(err)
	}
	want(t, "answer", must(t)(c.EOM()), Answer{
		Sent: true, Progress: 2,
		Verdict: Verdict{Kind: VerdictReject, Reply: Reply{550, "5.7.1", []string{"100%"}}, Changes: []Change{
			{Code: ReplyAddHeader, Name: "A", Value: "b"},
			{Code: ReplyReplaceBody, Value: "one two"},
			{Code: ReplyQuarantine, Value: "why"},
		}},
	})
}

func TestClientRefusesWhatMTAsRefuse(t *testing.T) {
	eom := func(c *Client) error { _, err := c.EOM(); return err }
	mail := func(c *Client) error { _, err := c.Mail("<>"); return err }
	tests := []struct {
		name    string
		do      func(*Client) error
		replies string
		want    string
	}{
		{"a change before the end", mail, frame("hA\x00b\x00"), "mail: answered with addheader"},
		{"a change that was not negotiated", eom, frame("qx\x00"), `eom: quarantine "x": SMFIF_QUARANTINE was not negotiated`},
		{"skip that was not negotiated", mail, frame("s"), "mail: answered with skip, which was not negotiated"},
		{"an unknown reply", eom, frame("z"), "eom: answered with reply 0x7a"},
		{"a failed connection", mail, frame("f"), "mail: answered with conn_fail"},
		{"a body in two runs", eom, frame("bx") + frame("hA\x00b\x00") + frame("by"), "eom: packets of the new body with another change between them"},
		{"progress with data", eom, frame("px"), "eom: decode progress: unexpected data"},
		{"a reply of length zero", mail, "\x00\x00\x00\x00", "mail: reply of zero length"},
		{"a malformed text", mail, frame("y550\x00"), `mail: decode replycode: line "550" does not start with a 4yz or 5yz code`},
		{"a malformed change", eom, frame("hA\x00"), "eom: decode addheader: missing NUL"},
		{"no reply at all", mail, "", "mail: EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := rawMilter(t, answerTo(Options{Version: 6, Actions: ActionAddHeaders | ActionChangeBody}), tt.replies)
			if _, err := c.Negotiate(offerV6); err != nil {
				t.Fatal(err)
			}
			if err := tt.do(c); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	for _, tt := range []struct{ name, reply, want string }{
		{"a verdict", frame("c"), "negotiate: answered with continue"},
		{"what was not offered", answerTo(Options{Version: 6, Actions: 0x200}), "negotiate: actions 0x200 were not offered"},
		{"a short answer", frame("O\x00"), "negotiate: decode optneg: too short"},
	} {
		t.Run("OPTNEG answered with "+tt.name, func(t *testing.T) {
			c, _ := rawMilter(t, tt.reply)
			if _, err := c.Negotiate(offerV6); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestClientKeepsNoMoreChangesThanItHasRoomFor(t *testing.T) {
	for name, change := range map[string]string{
		"a long body":        frame("b" + strings.Repeat("x", 65535)),
		"many short changes": frame("qx\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				defer far.Close()
				if _, err := far.Read(make([]byte, 100)); err != nil {
					return
				}
				for flood := []byte(strings.Repeat(change, 1+100000/len(change))); ; {
					if _, err := far.Write(flood); err != nil {
						return
					}
				}
			}()
			c := NewClient(near)
			c.got = Options{Version: 6, Actions: AllActions}
			if _, err := c.EOM(); err == nil || err.Error() != "eom: changes of more than 134217728 bytes" {
				t.Errorf("got %v", err)
			}
			near.Close()
			<-ended
		})
	}
}

func TestClientAndServerUnderstandEachOther(t *testing.T) {
	changes := []Change{
		{Code: ReplyInsertHeader, Index: 0, Name: "X-A", Value: "b"},
		{Code: ReplyAddHeader, Name: "X-B", Value: "c\n\td", NoSpace: true},
		{Code: ReplyChangeHeader, Index: 2, Name: "Subject", Value: ""},
		{Code: ReplyAddRcptPar, Value: "x@y", Params: "NOTIFY=NEVER"},
		{Code: ReplyDelRcpt, Value: "b@c"},
		{Code: ReplyChangeFrom, Value: ""},
		{Code: ReplyQuarantine, Value: "100%"},
		{Code: ReplyReplaceBody, Value: strings.Repeat("line\r\n", 50_000)},
	}
	s := &testSession{
		wish:     Options{Actions: AllActions, Steps: StepLeadingSpace | StepNoReplyHeader | StepNoData},
		verdicts: map[string]Verdict{"eom": {Changes: changes}, "rcpt <no>": reject},
	}
	c := connected(t, startServer(t, &Server{Handler: s}))
	must(t)(c.Connect("h", FamilyInet6, 25, "2001:db8::1"))
	must(t)(c.Helo("x"))
	for range 2 {
		must(t)(c.Mail("<a@b>"))
		want(t, "rcpt", must(t)(c.Rcpt("<no>")).Verdict, reject)
		must(t)(c.Rcpt("<b@c>"))
		want(t, "data", must(t)(c.Data()).Sent, false)
		must(t)(c.HeaderRaw("Subject", "no space"))
		must(t)(c.EOH())
		must(t)(c.Body("hello"))
		want(t, "eom", must(t)(c.EOM()), Answer{Sent: true, Verdict: Verdict{Changes: changes}})
		if err := c.Abort(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.QuitNC(); err != nil {
		t.Fatal(err)
	}
	must(t)(c.Connect("h", FamilyUnknown, 0, ""))
	must(t)(c.Unknown("VRFY x"))
	if err := c.Quit(); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, c)
	message := "mail <a@b>|rcpt <no>|rcpt <b@c>|header Subject:no space|eoh|body hello|eom|"
	trace := s.lines()
	if trace[len(trace)-1] != "close" { // it comes after the socket is closed
		trace = append(trace, "close")
	}
	want(t, "trace", strings.Join(trace, "|"), "session|connect h inet6 2001:db8::1 25|helo x|"+message+message+
		"close|session|connect h unknown|unknown VRFY x|close")
}
