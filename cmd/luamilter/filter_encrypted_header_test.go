package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luamilter/engine/mta"
)

// newKeyPair makes a key with the command, and gives its file and the setting of the filter.
func newKeyPair(t *testing.T) (file, setting string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "test.key")
	var out, errOut bytes.Buffer
	if code := luamilter([]string{"open-header", "--new-key", file}, &out, &errOut); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &errOut)
	}
	setting, ok := strings.CutPrefix(out.String(), "local public_key = ")
	if !ok {
		t.Fatalf("got %q, want a line to paste into the filter", &out)
	}
	return file, strings.TrimSpace(setting)
}

// opened is what open-header prints of a mail.
func opened(t *testing.T, key, text string) string {
	t.Helper()
	mail := filepath.Join(t.TempDir(), "mail.eml")
	if err := os.WriteFile(mail, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if code := luamilter([]string{"open-header", "--key", key, mail}, &out, &errOut); code != exitFine {
		t.Fatalf("exit code %d: %s\nmail:\n%s", code, &errOut, text)
	}
	return out.String()
}

func TestEncryptedHeader(t *testing.T) {
	key, public := newKeyPair(t)
	r := newFilter(t, "encrypted_header", map[string]string{"public_key": public})
	const secret = "198.51.100.23"
	got := r.put(testMail{
		hostname: "pc.customer.example", ip: secret, from: "<joe@example.org>",
		macros: []string{"i", "4Q1xyz", "{auth_authen}", "joe\x1b[2J\xff", "{tls_version}", "TLSv1.3"},
		text:   "From: joe@example.org\nX-Connection-Info: forged\nx-connection-INFO: forged too\n\nhello\n",
	})
	got.wants(t, "accept, changed")
	if fields := got.fields("X-Connection-Info"); len(fields) != 1 || strings.Contains(fields[0], "forged") {
		t.Errorf("got fields %q, want the filter's own only", fields)
	}
	for line := range strings.Lines(got.Text()) {
		if len(line) > 100 {
			t.Errorf("a line has %d bytes: %q", len(line), line)
		}
	}
	if strings.Contains(got.Text(), secret) || strings.Contains(got.Text(), "pc.customer") {
		t.Errorf("the mail says where it came from: %s", got.Text())
	}

	var info map[string]any
	if err := json.Unmarshal([]byte(opened(t, key, got.Text())), &info); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"address": secret, "hostname": "pc.customer.example", "port": float64(mta.DefaultPort), "helo": "client.example", "daemon_name": "localhost",
		"sender": "joe@example.org", "id": "4Q1xyz", "auth_authen": "joe\x1b[2J\ufffd", "tls_version": "TLSv1.3",
	}
	if when, ok := info["time"].(float64); !ok || when < 1.7e9 {
		t.Errorf("time: got %v, want seconds since 1970", info["time"])
	}
	delete(info, "time")
	if !maps.Equal(info, want) {
		t.Errorf("got %v, want %v", info, want)
	}
}

func TestEncryptedHeaderIsNeverTheSame(t *testing.T) {
	_, public := newKeyPair(t)
	r := newFilter(t, "encrypted_header", map[string]string{"public_key": public, "field": `"X-Where"`, "macros": "{}"})
	mail := testMail{text: "From: joe@example.org\n\nhello\n"}
	if one, two := r.put(mail).fields("X-Where"), r.put(mail).fields("X-Where"); len(one) != 1 || slices.Equal(one, two) {
		t.Errorf("got %q and %q, want one field each that differ", one, two)
	}
}

func TestEncryptedHeaderSettings(t *testing.T) {
	wantBadSettings(t, "encrypted_header", []badSetting{
		{"no key", "public_key", `""`, "public_key: set it to what luamilter open-header --new-key FILE prints"},
		{"a short key", "public_key", `"AAAA"`, "public_key: not what"},
		{"a key that keeps nothing secret", "public_key", `("A"):rep(43) .. "="`, "public_key: not what"},
		{"no base64", "public_key", `"???"`, "public_key: not what"},
		{"a number as key", "public_key", `5`, "public_key: a text expected"},
		{"no field name", "field", `"X Y"`, "field: the name of a field"},
		{"macros that are no list", "macros", `"i"`, "macros: a list expected"},
		{"macros that are no names", "macros", `{ "i", 1 }`, "macros: entry 2: a name expected"},
	})
}
