package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// signers are the two filters with the settings that go together.
type signers struct{ sign, verify *filterRig }

// newSigners makes both with an Ed25519 key; more settings may be given for each.
func newSigners(t *testing.T, sign, verify map[string]string) signers {
	t.Helper()
	private, public := signingKey(t)
	signing := map[string]string{"key_file": keyFile(t, private)}
	maps.Copy(signing, sign)
	verifying := map[string]string{"keys": verifyingKey("2026", "ed25519-sha256", keyFile(t, public))}
	maps.Copy(verifying, verify)
	return signers{newFilter(t, "sign_custom", signing), newFilter(t, "verify_custom", verifying)}
}

// keyFile writes a key, and gives the name of the file as Lua has it.
func keyFile(t *testing.T, key string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return strconv.Quote(path)
}

// verifyingKey is the setting keys of verify_custom with one key.
func verifyingKey(id, algorithm, file string) string {
	return fmt.Sprintf("{ [%q] = { algorithm = %q, file = %s } }", id, algorithm, file)
}

// signingKey is a new Ed25519 key in PEM.
func signingKey(t *testing.T) (private, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(name string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: name, Bytes: der}))
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	private = inPEM("PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(pub)
	return private, inPEM("PUBLIC KEY", der, err)
}

// signed is a mail with its signature.
func (s signers) signed(t *testing.T, text string) string {
	t.Helper()
	got := s.sign.put(testMail{ip: "127.0.0.1", text: text})
	got.wants(t, "accept, changed")
	if fields := got.fields("X-Custom-Signature"); len(fields) == 0 {
		t.Fatalf("the mail was not signed: %s", got.Text())
	}
	return got.Text()
}

// result is the field that verify_custom adds.
func (s signers) result(t *testing.T, text string) string {
	t.Helper()
	got := s.verify.put(testMail{text: text})
	fields := got.fields("X-Custom-Signature-Result")
	if len(fields) != 1 {
		t.Fatalf("got %d fields with a result in %s, want 1", len(fields), got.Text())
	}
	return fields[0]
}

const mailToSign = "From: Joe <joe@example.org>\nTo: ann@example.net\nSubject: a  subject\n of two lines\nDate: Mon, 1 Jun 2026 10:00:00 +0000\n" +
	"Received: by a.example\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nGrüße,\n\ttabs  and spaces \n.\n\nend\n"

func TestSignAndVerify(t *testing.T) {
	s := newSigners(t, nil, nil)
	mail := s.signed(t, mailToSign)
	for line := range strings.Lines(mail) {
		if len(line) > 120 {
			t.Errorf("a line has %d bytes: %q", len(line), line)
		}
	}
	header, body, _ := strings.Cut(mail, "\n\n")
	in := func(old, new string) string {
		if !strings.Contains(mail, old) {
			t.Fatalf("no %q in %s", old, mail)
		}
		return strings.Replace(mail, old, new, 1)
	}
	const pass, changed, body2 = "pass (key 2026)", "fail (the header was changed, or it is of another key)", "fail (the body was changed)"
	tag := regexp.MustCompile(`(?s)\bt=\d+`)
	for _, c := range []struct{ name, text, want string }{
		{"as it was signed", mail, pass},
		{"with trace fields", "Received: by b.example\nReturn-Path: <x@y>\nX-Spam: no\n" + mail, pass},
		{"a forged result", "X-Custom-Signature-Result: pass (key 1)\nx-custom-signature-result: pass\n" + mail, pass},
		{"folded in another way", in("a  subject\n of two", "a\n\tsubject of\n  two"), pass},
		{"other letters in a field name", in("Subject:", "SUBJECT:"), pass},
		{"white space in the body", in("tabs  and spaces \n", "tabs and \t spaces\n"), pass},
		{"empty lines at the end", mail + "\n\n\n", pass},
		{"the signature unfolded", strings.ReplaceAll(header, "\n ", " ") + "\n\n" + body, pass},
		{"fields in another order", strings.Replace(in("To: ann@example.net\n", ""), "Subject", "To: ann@example.net\nSubject", 1), pass},

		{"another subject", in("a  subject", "another subject"), changed},
		{"words joined", in("a  subject", "asubject"), changed},
		{"another From", in("joe@example.org", "eve@example.org"), changed},
		{"a From added above", "From: eve@example.org\n" + mail, changed},
		{"a From added below", header + "\nFrom: eve@example.org\n\n" + body, changed},
		{"a Cc added", header + "\nCc: eve@example.org\n\n" + body, changed},
		{"a transfer encoding added", "Content-Transfer-Encoding: base64\n" + mail, changed},
		{"the date gone", in("Date: Mon, 1 Jun 2026 10:00:00 +0000\n", ""), changed},
		{"another type", in("text/plain", "text/html"), changed},
		{"a later time", tag.ReplaceAllString(mail, "t=4000000000"), "fail (from the future)"},
		{"an earlier time", tag.ReplaceAllString(mail, "t=1500000000"), "fail (too old)"},
		{"a time one off", tag.ReplaceAllStringFunc(mail, func(s string) string {
			return s[:len(s)-1] + map[bool]string{true: "2", false: "1"}[s[len(s)-1] == '1']
		}), changed},
		{"another name in h", in("h=from:", "h=x-from:"), changed},
		{"From not signed", strings.ReplaceAll(mail, "from:", "x-from:"), "fail (From is not signed, or the signature is no base64)"},
		{"another key", in("k=2026", "k=2025"), "fail (key 2025 is not known)"},
		{"a key to break out with", in("k=2026", "k=\x1b[2J)(\"\x7f"), "fail (key ??2J???? is not known)"},
		{"another algorithm", in("a=ed25519-sha256", "a=hmac-sha256"), "fail (another algorithm than that of the key)"},
		{"another body hash", regexp.MustCompile(`\bbh=...`).ReplaceAllString(mail, "bh=AAA"), changed},
		{"a line added", mail + "PS: more\n", body2},
		{"a line gone", in("\n.\n", "\n"), body2},
		{"lines joined", in("tabs  and spaces \n", "tabs and spaces "), body2},
		{"leading white space gone", in("\ttabs", "tabs"), body2},
		{"no body", header + "\n\n", body2},
		{"no signature", mailToSign, "none"},
		{"two results, no signature", "X-Custom-Signature-Result: pass\n" + mailToSign, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.result(t, c.text); got != c.want {
				t.Errorf("got %q, want %q in\n%s", got, c.want, c.text)
			}
		})
	}
}

func TestVerifyBrokenSignatures(t *testing.T) {
	s := newSigners(t, nil, nil)
	signature := regexp.MustCompile(`(?m)^X-Custom-Signature:(.*\n([ \t].*\n)*)`).FindStringSubmatch(s.signed(t, mailToSign))[1]
	const unread = "fail (the signature can't be read)"
	for name, c := range map[string]struct{ value, want string }{
		"empty":                     {"\n", unread},
		"words":                     {" hello\n", unread},
		"a tag missing":             {strings.Replace(signature, "v=1;", "", 1), unread},
		"a tag more":                {strings.Replace(signature, "; b=", "; x=1; b=", 1), unread},
		"a tag twice":               {strings.Replace(signature, "v=1;", "v=1; v=1;", 1), unread},
		"something at the end":      {strings.TrimSpace(signature) + ";\n", unread},
		"another version":           {strings.Replace(signature, "v=1;", "v=2;", 1), unread},
		"no number":                 {strings.Replace(signature, "t=", "t=0x", 1), unread},
		"a huge number":             {strings.Replace(signature, "t=", "t="+strings.Repeat("9", 400), 1), unread},
		"names that are none":       {strings.Replace(signature, "h=", "h=\xff%:", 1), unread},
		"more names than are read":  {strings.Replace(signature, "h=", "h="+strings.Repeat("x:", 300), 1), unread},
		"a long value":              {" v=" + strings.Repeat("=;", 40000) + "\n", unread},
		"a signature of one letter": {regexp.MustCompile(`\bb=\s*\S+\s*$`).ReplaceAllString(signature, "b=!\n"), "fail (From is not signed, or the signature is no base64)"},
		"a signature of no letters": {regexp.MustCompile(`\bb=\s*\S+\s*$`).ReplaceAllString(signature, "b=\n"), "fail (the header was changed, or it is of another key)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.result(t, "X-Custom-Signature:"+c.value+mailToSign); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("the good one is among others", func(t *testing.T) {
		mail := s.signed(t, mailToSign)
		if got := s.result(t, "X-Custom-Signature: x\nX-Custom-Signature: v=1\n"+mail); got != "pass (key 2026)" {
			t.Errorf("got %q, want pass", got)
		}
		if got := s.result(t, strings.Repeat("X-Custom-Signature: x\n", 5)+mail); got != unread {
			t.Errorf("behind five others: got %q, want %q", got, unread)
		}
		if got := s.result(t, strings.Repeat("X-Custom-Signature: x\n", 60)+mail); got != "fail (more than 50 fields of the name X-Custom-Signature)" {
			t.Errorf("behind sixty others: got %q", got)
		}
	})
}

// TestSignTwice has a mail that two servers sign, as after a change of keys; each signature counts.
func TestSignTwice(t *testing.T) {
	one := newSigners(t, map[string]string{"key_id": `"old"`}, nil)
	two := newSigners(t, nil, nil)
	if got := two.result(t, two.signed(t, one.signed(t, mailToSign))); got != "pass (key 2026)" {
		t.Errorf("got %q, want pass", got)
	}
}

func TestSignOnlyWhatGoesOut(t *testing.T) {
	s := newSigners(t, nil, nil)
	s.sign.put(testMail{ip: "192.0.2.1", text: mailToSign}).wants(t, "accept at mail, unchanged")
	s.sign.put(testMail{ip: "192.0.2.1", macros: []string{"{auth_authen}", "joe"}, text: mailToSign}).wants(t, "accept, changed")
	s.sign.put(testMail{ip: "127.0.0.1", text: strings.Repeat("To: a@b.example\n", 60) + mailToSign}).wants(t, "accept, unchanged")
	s.sign.wantLog("more than 50 fields of the name To")
}

func TestSignWithSecret(t *testing.T) {
	const secret = "a secret of some length\n"
	sign := newFilter(t, "sign_custom", map[string]string{"key_file": keyFile(t, secret), "algorithm": `"hmac-sha256"`})
	verify := func(secret string) *filterRig {
		return newFilter(t, "verify_custom", map[string]string{"keys": verifyingKey("2026", "hmac-sha256", keyFile(t, secret))})
	}
	s := signers{sign, verify(secret + " \n")}
	mail := s.signed(t, mailToSign)
	if got := s.result(t, mail); got != "pass (key 2026)" {
		t.Errorf("got %q, want pass", got)
	}
	if got := s.result(t, strings.Replace(mail, "Subject: a", "Subject: b", 1)); !strings.HasPrefix(got, "fail ") {
		t.Errorf("another subject: got %q, want fail", got)
	}
	if got := (signers{sign, verify("another secret, as long")}).result(t, mail); !strings.HasPrefix(got, "fail ") {
		t.Errorf("another secret: got %q, want fail", got)
	}
}

func TestVerifyRequired(t *testing.T) {
	s := newSigners(t, nil, map[string]string{"required": `{ "example.org", ".corp.example", "xn--bcher-kva.example", ".bücher.example" }`})
	const refused = "reject: 550 5.7.1 mail from this domain has to be signed"
	mail := s.signed(t, mailToSign)
	s.verify.put(testMail{text: mail}).wants(t, "accept, changed")
	for _, c := range []struct{ name, text, want string }{
		{"no signature", mailToSign, refused},
		{"a broken one", mail + "PS\n", refused},
		{"in large letters, with a dot", "From: x@EXAMPLE.org.\n\ntext\n", refused},
		{"the second address", "From: a@b.example, x@example.org\n\ntext\n", refused},
		{"below a domain", "From: x@mx.corp.example\n\ntext\n", refused},
		{"an international domain", "From: x@BÜCHER.example\n\ntext\n", refused},
		{"below an international domain", "From: x@mx.xn--bcher-kva.example\n\ntext\n", refused},
		{"an encoded address", "From: =?utf-8?q?x=40example.org?=\n\ntext\n", refused},
		{"an encoded address with a name", "From: =?utf-8?q?Joe_=3Cx=40example.org=3E?=\n\ntext\n", refused},
		{"behind 10,000 others", "From: " + strings.Repeat("a,", 10000) + "\n x@example.org\n\ntext\n", refused},
		{"the domain itself is not below", "From: x@corp.example\n\ntext\n", "accept, changed"},
		{"another that ends so", "From: x@evilexample.org\n\ntext\n", "accept, changed"},
		{"below one that is listed without dot", "From: x@sub.example.org\n\ntext\n", "accept, changed"},
		{"no From", "Subject: x\n\ntext\n", "accept, changed"},
	} {
		t.Run(c.name, func(t *testing.T) { s.verify.put(testMail{text: c.text}).wants(t, c.want) })
	}
}

func TestVerifyRejectsBroken(t *testing.T) {
	s := newSigners(t, nil, map[string]string{"reject_broken": "true"})
	mail := s.signed(t, mailToSign)
	s.verify.put(testMail{text: mail}).wants(t, "accept, changed")
	s.verify.put(testMail{text: mail + "PS\n"}).wants(t, "reject: 550 5.7.1 the signature of this mail is broken: the body was changed")
	s.verify.put(testMail{text: mailToSign}).wants(t, "accept, changed")
}

// TestVerifyHostileMails has mails that would cost much time if looking at one thing took as long as there are others.
func TestVerifyHostileMails(t *testing.T) {
	s := newSigners(t, nil, nil)
	for name, text := range map[string]string{
		"white space without end":  "From: x@example.org\n\n" + strings.Repeat(" \t", 1<<20) + "x\n",
		"line ends without end":    "From: x@example.org\n\n" + strings.Repeat("\n", 1<<20),
		"a space before each":      "From: x@example.org\n\n" + strings.Repeat(" \n", 1<<20) + "x\n",
		"a header of white space":  "From: x@example.org\nSubject: " + strings.Repeat(" ", 90000) + "x\n\ntext\n",
		"many fields":              strings.Repeat("X: y\n", 20000) + "From: x@example.org\n\ntext\n",
		"carriage returns in text": "From: x@example.org\n\n" + strings.Repeat("\r", 1<<20) + "x\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.result(t, s.signed(t, text)); got != "pass (key 2026)" {
				t.Errorf("got %q, want pass", got)
			}
		})
	}
}

func TestSignatureSettings(t *testing.T) {
	private, public := signingKey(t)
	key := func(algorithm, content string) string { return verifyingKey("a", algorithm, keyFile(t, content)) }
	wantBadSettings(t, "sign_custom", []badSetting{
		{"no key file", "key_file", `"/nonexistent/key"`, "/nonexistent/key: "},
		{"a public key", "key_file", keyFile(t, public), "no key for ed25519-sha256: "},
		{"no key", "key_file", keyFile(t, "hello"), "no key for ed25519-sha256: "},
		{"no name", "key_file", `nil`, "the name of a key file expected"},
		{"an algorithm", "algorithm", `"rsa"`, "algorithm: hmac-sha256 or ed25519-sha256 expected, got rsa"},
		{"From is not signed", "sealed", `{ "To", "X-From" }`, "sealed: From has to be in it"},
		{"no list", "signed", `"Date"`, "signed: a list expected"},
		{"no field name", "sealed", `{ "From", "A:B" }`, "sealed: entry 2: the name of a field expected"},
		{"a field", "field", `"X Y"`, "field: the name of a field expected"},
		{"a key id", "key_id", `"a;b"`, "key_id: letters, digits"},
	})
	wantBadSettings(t, "verify_custom", []badSetting{
		{"no keys", "keys", `{}`, "keys: at least one key expected"},
		{"a list", "keys", `{ "a" }`, "keys: [id] = { algorithm, file } expected"},
		{"no key file", "keys", verifyingKey("a", "hmac-sha256", `"/nonexistent/key"`), "/nonexistent/key: "},
		{"a private key", "keys", key("ed25519-sha256", private), "no key for ed25519-sha256: "},
		{"a short secret", "keys", key("hmac-sha256", "short\n"), "a secret of at least 16 bytes expected, got 5"},
		{"an age", "max_age", `0`, "max_age: a number above 0 expected"},
		{"a domain", "required", `{ "Example.org" }`, "required: entry 1: a domain in small letters expected"},
		{"an address", "required", `{ "a@b.example" }`, "required: entry 1: a domain in small letters expected"},
		{"rejecting", "reject_broken", `"no"`, "reject_broken: true or false expected"},
		{"a result field", "result_field", `""`, "result_field: a field name expected"},
	})
}
