package main_test

import (
	"strings"
	"testing"
)

// testFields has on_message edit header fields that are there several times: what is delivered tells whether Postfix counts
// them as luamilter does.
func (p *postfix) testFields(t *testing.T) {
	p.milter(t, "message", "--script", filterPath(t, "fields.lua"))
	c := newSMTP(t, p.smtpd["message"])
	const mail = "Received: by a.example; Mon, 1 Jan 2024 00:00:00 +0000\r\nReceived: by b.example; Mon, 1 Jan 2024 00:00:00 +0000\r\n" +
		"X-R: one\r\nX-S: 1\r\nX-R: two\r\nx-r: three\r\nX-S: 2\r\n" +
		"From: joe@client.example\r\nX-R:four\r\nX-R: five\r\nX-s: 3\r\nX-R: six\r\nSubject: fields\r\n\r\ntext\r\n"
	send := func(what string) *delivery {
		t.Helper()
		to := what + "-fields@sink.example"
		c.mustSend(what+"@client.example", to, mail)
		return p.sink.wait(t, to)
	}

	mixed := send("mixed")
	wantHeader(t, mixed, "X-R", "three", "five", "six", "seven")
	wantHeader(t, mixed, "X-S", "one for three")
	if strings.Contains(mixed.data, "by a.example") || !strings.Contains(mixed.data, "by b.example") {
		t.Errorf("want the upper Received gone in\n%s", mixed.data)
	}

	inserted := send("inserted")
	wantHeader(t, inserted, "X-R", "on top", "two", "three", "four", "five", "six", "below")
	wantHeader(t, inserted, "X-S", "on top", "one for three")
}
