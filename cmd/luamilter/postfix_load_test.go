package main_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// testLoad sends 500 mails in 20 sessions at once. Each is changed by its own token, and has to arrive once, with
// its own changes.
func (p *postfix) testLoad(t *testing.T) {
	const sessions, mails = 20, 25
	p.milter(t, "load", "--script", filterPath(t, "load.lua"), "--states", "4")
	token := func(s, n int) string { return fmt.Sprintf("token-%d-%d", s, n) }
	var wg sync.WaitGroup
	for s := range sessions {
		c := newSMTP(t, p.smtpd["load"])
		wg.Go(func() {
			for n := range mails {
				if err := sendToken(c, token(s, n)); err != nil {
					t.Errorf("session %d, mail %d: %v", s, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	p.waitQueueEmpty(t)
	for s := range sessions {
		for n := range mails {
			own := token(s, n)
			got := p.sink.all(own + "@sink.example")
			if len(got) != 1 {
				t.Errorf("%s arrived %d times, want once", own, len(got))
				continue
			}
			d := got[0]
			if !slices.Equal(d.header("X-Own"), []string{own}) || !slices.Equal(d.header("Subject"), []string{"subject of " + own}) || d.body() != "body of "+own+"\r\n" {
				t.Errorf("%s arrived with X-Own %q, Subject %q, body %q", own, d.header("X-Own"), d.header("Subject"), d.body())
			}
		}
	}
}

// sendToken sends one mail. It may run in any goroutine.
func sendToken(c *smtpClient, token string) error {
	steps := []struct{ line, want string }{
		{"MAIL FROM:<" + token + "@client.example>", "250"},
		{"RCPT TO:<" + token + "@sink.example>", "250"},
		{"DATA", "354"},
		{"Subject: before\r\nX-Token: " + token + "\r\n\r\nbefore\r\n.", "250"},
	}
	for _, s := range steps {
		if got := c.cmd(s.line); len(got) < 3 || got[:3] != s.want {
			return fmt.Errorf("%q: got %q, want %s", s.line, got, s.want)
		}
	}
	return nil
}
