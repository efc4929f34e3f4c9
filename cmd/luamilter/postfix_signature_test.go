package main_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPostfixSignatures has mails signed at one Postfix service and verified at another, with a delivery through SMTP between them.
func TestPostfixSignatures(t *testing.T) {
	p := startPostfix(t, map[string]string{"sign": "", "verify": ""})
	public, private, err := ed25519.GenerateKey(rand.Reader)
	p.must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	p.must(t, err)
	p.keyFile(t, "sign.key", "PRIVATE KEY", der)
	der, err = x509.MarshalPKIXPublicKey(public)
	p.must(t, err)
	p.keyFile(t, "sign.pub", "PUBLIC KEY", der)
	p.milter(t, "sign", "--script", p.shipped(t, "sign_custom.lua"))
	p.milter(t, "verify", "--script", p.shipped(t, "verify_custom.lua"))

	long := strings.Repeat("a word and another ", 50)
	for i, c := range []struct{ name, header, body string }{
		{"a small mail", "From: a@client.example\r\nTo: b@sink.example\r\nSubject: test\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n", "Hello.\r\n"},
		{"fields that Postfix adds", "Subject: test\r\n", "Hello.\r\n"},
		{"addresses that Postfix completes", "From: a\r\nTo: b, c (a comment)\r\nCc: Joe <joe>\r\n", "Hello.\r\n"},
		{"odd white space", "From:a@client.example\r\nTo:   b@sink.example  \r\nSubject:\t two\t\twords \r\n\tand more  \r\n  \tand more\r\n", " a \t b\t\r\n\t\r\n \r\n\r\n\r\n"},
		{"long fields", "From: a@client.example\r\nSubject: " + long + "\r\nTo: " + strings.Repeat("somebody@sink.example,\r\n ", 60) + "x@sink.example\r\n", "Hello.\r\n"},
		{"8-bit text", "From: J\xc3\xb6rg <a@client.example>\r\nSubject: Gr\xc3\xbc\xc3\x9fe \xff\r\nContent-Type: text/plain; charset=utf-8\r\n", "Gr\xc3\xbc\xc3\x9fe \xff\xfe\r\n"},
		{"lines with dots", "From: a@client.example\r\n", ".\r\n..\r\n.a\r\n\r\n.\r\nFrom here\r\n"},
		{"no body", "From: a@client.example\r\n", ""},
		{"lines of 998 bytes", "From: a@client.example\r\n", strings.Repeat("x", 998) + "\r\n" + strings.Repeat("y ", 499) + "\r\n"},
		{"a large body", "From: a@client.example\r\n", strings.Repeat("A line of some length, with  two spaces.\r\n", 50000)},
		{"repeated fields", "From: a@client.example\r\nFrom: b@client.example\r\nTo: b@x\r\nTo: c@x\r\nSubject: 1\r\nSubject: 2\r\n", "Hello.\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			send := func(service, data string) *delivery {
				to := fmt.Sprintf("%s-%d@sink.example", service, i)
				newSMTP(t, p.smtpd[service]).mustSend("a@client.example", to, data)
				return p.sink.wait(t, to)
			}
			signed := send("sign", c.header+"\r\n"+c.body)
			if got := signed.header("X-Custom-Signature"); len(got) != 1 {
				t.Fatalf("got %d signatures, want 1", len(got))
			}
			wantResult(t, send("verify", signed.data), "pass (key 2026)")
		})
	}
	t.Run("a change on the way", func(t *testing.T) {
		newSMTP(t, p.smtpd["sign"]).mustSend("a@client.example", "changed-1@sink.example", testMail)
		data := strings.Replace(p.sink.wait(t, "changed-1@sink.example").data, "Hello.", "Hallo.", 1)
		newSMTP(t, p.smtpd["verify"]).mustSend("a@client.example", "changed-2@sink.example", data)
		wantResult(t, p.sink.wait(t, "changed-2@sink.example"), "fail (the body was changed)")
	})
	t.Run("no signature", func(t *testing.T) {
		newSMTP(t, p.smtpd["verify"]).mustSend("a@client.example", "none@sink.example", "X-Custom-Signature-Result: pass\r\n"+testMail)
		wantResult(t, p.sink.wait(t, "none@sink.example"), "none")
	})
}

func wantResult(t *testing.T, d *delivery, want string) {
	t.Helper()
	if got := d.header("X-Custom-Signature-Result"); !slices.Equal(got, []string{want}) {
		t.Errorf("result: got %q, want %q", got, want)
	}
}

// keyFile writes a key where the filters of shipped look for it.
func (p *postfix) keyFile(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	p.must(t, os.WriteFile(filepath.Join(p.dir, name), text, 0o600))
}

// shipped copies a filter of scripts/, with what it requires, and has it look for its key in the instance's folder.
func (p *postfix) shipped(t *testing.T, name string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "scripts", name))
	p.must(t, err)
	folder := t.TempDir()
	p.must(t, os.CopyFS(filepath.Join(folder, "lib"), os.DirFS(filepath.Join("..", "..", "scripts", "lib"))))
	path := filepath.Join(folder, name)
	p.must(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(source), "/etc/luamilter", p.dir)), 0o644))
	return path
}
