package engine

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"luamilter/luabind"
)

// BenchmarkMessage is a whole message of 12 header fields and 2 KiB through server, engine and script, over a pipe.
func BenchmarkMessage(b *testing.B) {
	r := newRig(b, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) }, `
		function on_mail(s) if s == "spammer@example.org" then return reject() end end
		function on_header(n, v) msg.headers = (msg.headers or 0) + 1 end
		function on_eom() add_header("X-Headers", msg.headers) end`)
	d := r.connect()
	body := strings.Repeat("0123456789abcdef0123456789abcd\r\n", 64)
	b.ReportAllocs()
	for b.Loop() {
		d.ok(d.Mail("<alice@example.org>"))
		d.ok(d.Rcpt("<bob@example.net>"))
		for range 12 {
			d.ok(d.Header("Received", "from a.example by b.example with ESMTP id 4Q1"))
		}
		d.ok(d.Body(body))
		if a, err := d.EOM(); err != nil || len(a.Verdict.Changes) != 1 {
			b.Fatal(a, err)
		}
	}
}

// BenchmarkCheckout is a state taken from the pool and given back.
func BenchmarkCheckout(b *testing.B) {
	r := newRig(b, nil, `function on_mail() end`)
	p := r.host.Generation().pools[0]
	b.ReportAllocs()
	for b.Loop() {
		st, _, err := p.get(luabind.Limit{Time: time.Second, Context: b.Context()})
		if err != nil {
			b.Fatal(err)
		}
		p.put(st)
	}
}
