package main_test

import (
	"slices"
	"strings"
	"testing"
)

// multiMail has fields of one name, for changes by index.
const multiMail = "From: a@client.example\r\nTo: b@sink.example\r\nX-Multi: one\r\nSubject: before\r\nX-Multi: two\r\nX-Multi: three\r\n\r\nThe old body.\r\n"

// testChanges has each change that a script can ask for, as the next hop sees it. The local part of the sender
// names the change of changes.lua; mails go to NAME-1 and NAME-2.
func (p *postfix) testChanges(t *testing.T) {
	m := p.milter(t, "changes", "--script", filterPath(t, "changes.lua"))
	cases := []struct {
		name  string
		check func(t *testing.T, d *delivery)
	}{
		{"none", func(t *testing.T, d *delivery) {
			wantHeader(t, d, "Subject", "before")
			wantHeader(t, d, "X-Multi", "one", "two", "three")
			wantEnvelope(t, d, "none@client.example", "none-1@sink.example", "none-2@sink.example")
			wantBody(t, d, "The old body.\r\n")
		}},
		{"add", func(t *testing.T, d *delivery) {
			wantHeader(t, d, "X-Added", "a value")
			if names := d.fieldNames(); !slices.Equal(names[len(names)-2:], []string{"X-Added", "X-Folded"}) {
				t.Errorf("fields are %q, want the added ones last", names)
			}
			if want := "X-Folded: one\r\n\ttwo\r\n three\r\n"; !strings.Contains(d.data, want) {
				t.Errorf("no %q in %q", want, d.data)
			}
		}},
		{"insert", func(t *testing.T, d *delivery) {
			if got, want := d.fieldNames()[:3], []string{"X-Top", "Received", "X-Second"}; !slices.Equal(got, want) {
				t.Errorf("first fields are %q, want %q", got, want)
			}
			wantHeader(t, d, "X-Top", "above Received")
			wantHeader(t, d, "X-Second", "below Received")
		}},
		{"change", func(t *testing.T, d *delivery) { wantHeader(t, d, "Subject", "changed") }},
		{"changesecond", func(t *testing.T, d *delivery) { wantHeader(t, d, "X-Multi", "one", "changed", "three") }},
		{"changebeyond", func(t *testing.T, d *delivery) { wantHeader(t, d, "X-Multi", "one", "two", "three", "new") }},
		{"delete", func(t *testing.T, d *delivery) { wantHeader(t, d, "X-Multi", "one", "three") }},
		{"deleteall", func(t *testing.T, d *delivery) { wantHeader(t, d, "X-Multi") }},
		{"addrcpt", func(t *testing.T, d *delivery) {
			wantEnvelope(t, d, "addrcpt@client.example", "added@sink.example", "addrcpt-1@sink.example", "addrcpt-2@sink.example")
		}},
		{"addrcptbrackets", func(t *testing.T, d *delivery) { wantRecipient(t, p, "added-too@sink.example", "") }},
		{"addrcptstring", func(t *testing.T, d *delivery) { wantRecipient(t, p, "added-string@sink.example", "NOTIFY=NEVER") }},
		{"addrcpttable", func(t *testing.T, d *delivery) {
			wantRecipient(t, p, "added-table@sink.example", "NOTIFY=FAILURE,DELAY")
		}},
		{"delrcpt", func(t *testing.T, d *delivery) {
			wantEnvelope(t, d, "delrcpt@client.example", "delrcpt-1@sink.example")
		}},
		{"sender", func(t *testing.T, d *delivery) {
			wantEnvelope(t, d, "new-sender@client.example", "sender-1@sink.example", "sender-2@sink.example")
		}},
		{"sendernull", func(t *testing.T, d *delivery) {
			wantEnvelope(t, d, "", "sendernull-1@sink.example", "sendernull-2@sink.example")
		}},
		{"senderparams", func(t *testing.T, d *delivery) {
			wantEnvelope(t, d, "new-params@client.example", "senderparams-1@sink.example", "senderparams-2@sink.example")
			if got := strings.Join(d.fromParams, " "); !strings.Contains(got, "RET=HDRS") || !strings.Contains(got, "ENVID=changed-id") {
				t.Errorf("parameters of MAIL are %q, want RET and ENVID among them", got)
			}
		}},
		{"body", func(t *testing.T, d *delivery) { wantBody(t, d, "A new body.\r\n.with a dot\r\n") }},
		{"bodyempty", func(t *testing.T, d *delivery) { wantBody(t, d, "") }},
		{"bodylong", func(t *testing.T, d *delivery) {
			wantBody(t, d, strings.Repeat(strings.Repeat("x", 60)+"\r\n", 320000))
		}},
		{"progress", func(t *testing.T, d *delivery) { wantHeader(t, d, "X-Added", "after progress") }},
		{"early", func(t *testing.T, d *delivery) {
			wantHeader(t, d, "X-Early", "from on_mail", "from on_rcpt", "from on_rcpt")
			wantEnvelope(t, d, "early-new@client.example", "early-1@sink.example", "early-2@sink.example")
		}},
		{"all", func(t *testing.T, d *delivery) {
			wantHeader(t, d, "X-Added", "yes")
			wantHeader(t, d, "Subject", "all changed")
			wantHeader(t, d, "X-Multi")
			wantEnvelope(t, d, "all-new@client.example", "all-1@sink.example", "all-added@sink.example")
			wantBody(t, d, "All new.\r\n")
			if got := d.fieldNames()[0]; got != "X-Top" {
				t.Errorf("the first field is %q, want X-Top", got)
			}
		}},
	}
	c := newSMTP(t, p.smtpd["changes"]) // all in one session: a change that leaked would show in the next case
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := &smtpClient{t: t, c: c.c, tp: c.tp}
			to := test.name + "-1@sink.example," + test.name + "-2@sink.example"
			c.mustSend(test.name+"@client.example", to, multiMail)
			test.check(t, p.sink.wait(t, test.name+"-1@sink.example"))
		})
	}
	t.Run("deleting a recipient that was not given is an error of the script", func(t *testing.T) {
		c := &smtpClient{t: t, c: c.c, tp: c.tp}
		wantPrefix(t, "reply", c.send("delrcptwrong@client.example", "wrong@sink.example", multiMail), "451 4.3.0 ")
		wantLog(t, m, lineOf(t, "changes.lua", `delete_recipient("nobody@`), "delete_recipient")
	})
	t.Run("nothing was delivered that was deleted", func(t *testing.T) {
		p.waitQueueEmpty(t)
		for _, address := range []string{"delrcpt-2@sink.example", "all-2@sink.example"} {
			if got := p.sink.all(address); len(got) > 0 {
				t.Errorf("%d mails to the deleted recipient %s, want none", len(got), address)
			}
		}
	})
}

// testQuarantine sees a mail into the hold queue and out of it.
func (p *postfix) testQuarantine(t *testing.T) {
	p.milter(t, "changes", "--script", filterPath(t, "changes.lua"))
	c := newSMTP(t, p.smtpd["changes"])
	c.mustSend("quarantine@client.example", "held@sink.example", multiMail)
	var held []queueEntry
	eventually(t, "the mail is all that is in the queue", func() bool {
		held = p.queue(t)
		return len(held) == 1
	})
	if held[0].Queue != "hold" || held[0].Sender != "quarantine@client.example" {
		t.Fatalf("queue holds %+v, want a held mail of quarantine@client.example", held[0])
	}
	if got := p.tool(t, "", "postcat", "-qbh", held[0].ID); !strings.Contains(got, "The old body.") {
		t.Errorf("postcat shows %q, want the mail", got)
	}
	if got := p.sink.all("held@sink.example"); len(got) > 0 {
		t.Error("the mail was delivered, want it held")
	}
	p.tool(t, "", "postsuper", "-H", held[0].ID)
	p.tool(t, "", "postqueue", "-i", held[0].ID)
	wantBody(t, p.sink.wait(t, "held@sink.example"), "The old body.\r\n")
	p.waitQueueEmpty(t)
}

func wantHeader(t *testing.T, d *delivery, name string, want ...string) {
	t.Helper()
	if got := d.header(name); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

func wantBody(t *testing.T, d *delivery, want string) {
	t.Helper()
	if got := d.body(); got != want {
		t.Errorf("body: got %d bytes %q, want %d bytes %q", len(got), tail(got, 200), len(want), tail(want, 200))
	}
}

func wantEnvelope(t *testing.T, d *delivery, from string, to ...string) {
	t.Helper()
	if d.from != from {
		t.Errorf("sender: got %q, want %q", d.from, from)
	}
	if got := d.addresses(); !slices.Equal(got, to) {
		t.Errorf("recipients: got %q, want %q", got, to)
	}
}

// wantRecipient waits for the mail to an added recipient, which may come apart from the others.
func wantRecipient(t *testing.T, p *postfix, address, param string) {
	t.Helper()
	for _, r := range p.sink.wait(t, address).to {
		if r.address == address && param != "" && !slices.Contains(r.params, param) {
			t.Errorf("RCPT of %s has %q, want %q among them", address, r.params, param)
		}
	}
}

// wantLog waits for a line of the log that holds all the words.
func wantLog(t *testing.T, m *milter, words ...string) {
	t.Helper()
	eventually(t, "the log has a line with "+strings.Join(words, " and "), func() bool {
		for line := range strings.Lines(m.log.String()) {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return true
			}
		}
		return false
	})
}
