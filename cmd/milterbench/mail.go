package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// chunkSize is the size in which an MTA sends a body (MILTER_CHUNK_SIZE).
const chunkSize = 65535

// word is what the body filter looks for.
const word = "xyzzy-plugh"

// field is one header field as Postfix sends it: without the space after the colon, folded with LF.
type field struct{ name, value string }

// mail is a message that is made once and sent many times.
type mail struct {
	name    string
	subject string
	header  []field
	body    string
	hits    int // chunks of the body that contain word
}

// mailKinds are the mails that have a name.
func mailKinds() map[string]func() *mail {
	return map[string]func() *mail{
		"small":   func() *mail { return newMail("small", 12, 2<<10) },
		"typical": func() *mail { return newMail("typical", 25, 30<<10) },
		"large":   func() *mail { return newMail("large", 30, 5<<20) },
	}
}

// newMail makes the same mail for the same arguments: fields header fields, of which one is the Subject, and size bytes of
// body.
func newMail(name string, fields, size int) *mail {
	random := rand.New(rand.NewPCG(uint64(fields), uint64(size)))
	m := &mail{name: name, subject: "Quarterly figures of " + name + " for the northern branch"}
	m.header = []field{
		{"Received", "from mail.client.example (mail.client.example [192.0.2.25])\n" +
			"\tby mx.bench.example (Postfix) with ESMTPS id 4XyZ1a2b3c\n" +
			"\tfor <user@bench.example>; Mon, 1 Jun 2026 10:00:00 +0000 (UTC)"},
		{"From", "Alice Example <alice@client.example>"},
		{"To", "user@bench.example"},
		{"Subject", m.subject},
		{"Date", "Mon, 1 Jun 2026 10:00:00 +0000"},
		{"Message-ID", "<20260601100000.0123456789@client.example>"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8; format=flowed"},
		{"Content-Transfer-Encoding", "7bit"},
		{"User-Agent", "Exampler 12.3 (X11; Linux x86_64)"},
	}
	m.header = m.header[:min(fields, len(m.header))]
	for i := len(m.header); i < fields; i++ {
		m.header = append(m.header, field{fmt.Sprintf("X-Client-Field-%d", i), letters(random, 20+random.IntN(80))})
	}
	m.body, m.hits = newBody(random, size)
	return m
}

// newBody makes lines of 76 letters. Four of five chunks contain the word once, the first among them.
func newBody(random *rand.Rand, size int) (body string, hits int) {
	const line = 76
	b := make([]byte, 0, size)
	for len(b) < size {
		b = append(append(b, letters(random, line)...), "\r\n"...)
	}
	b = b[:size]
	for start := 0; start < size; start += chunkSize {
		length := min(chunkSize, size-start)
		if (start/chunkSize)%5 == 4 || length < len(word) {
			continue
		}
		copy(b[start+random.IntN(length-len(word)+1):], word)
		hits++
	}
	return string(b), hits
}

// letters gives n lower-case letters and spaces, which can't hold the word.
func letters(random *rand.Rand, n int) string {
	const alphabet = "etaoinshrdlucmf "
	var b strings.Builder
	for i := range n {
		c := alphabet[random.IntN(len(alphabet))]
		if c == ' ' && (i == 0 || i == n-1) {
			c = 'e'
		}
		b.WriteByte(c)
	}
	return b.String()
}
