package main

import (
	"strings"
	"testing"
)

func TestBlockAttachments(t *testing.T) {
	r := newFilter(t, "block_attachments", nil)
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			want := "accept, unchanged"
			if v.file != "" {
				want = "reject: 552 5.7.1 Message blocked due to blacklisted attachment"
			}
			r.put(testMail{text: v.text}).wants(t, want)
			if v.file != "" {
				r.wantLog(v.file)
			}
		})
	}
}

func TestBlockAttachmentsOfOtherKinds(t *testing.T) {
	r := newFilter(t, "block_attachments", map[string]string{
		"extensions": `{ "rar", "PDF" }`, "broken_archives": "false", "text": `"100% no"`,
	})
	for name, want := range map[string]string{
		"a.pdf": "reject: 552 5.7.1 100% no", "a.Rar": "reject: 552 5.7.1 100% no", "a.exe": "accept, unchanged",
	} {
		r.put(testMail{text: attached(part("Content-Disposition: attachment; filename=\"" + name + "\""))}).wants(t, want)
	}
	broken := attached(packed("application/zip", "a.zip", zipped("a.txt=text")[:40]))
	r.put(testMail{text: broken}).wants(t, "accept, unchanged")
}

// TestAttachmentsWithHostileNames has names that are long, broken, or meant to cost time.
func TestAttachmentsWithHostileNames(t *testing.T) {
	r := newFilter(t, "defang", nil)
	for name, file := range map[string]string{
		"dots without end":         strings.Repeat(".", 90000) + "exe",
		"dots and spaces":          "x.exe" + strings.Repeat(". ", 45000),
		"a long name":              strings.Repeat("ä", 40000) + ".exe",
		"no name, dots only":       strings.Repeat(".", 90000),
		"placeholders":             "{name}{reason}%1%%.exe",
		"a name in broken letters": "\xff\xfe.exe",
	} {
		t.Run(name, func(t *testing.T) {
			got := r.put(testMail{text: attached(part("Content-Disposition: attachment;\n filename=\"" + file + "\""))})
			if name == "no name, dots only" {
				got.wants(t, "accept, unchanged")
				return
			}
			wantReplaced(t, got, vector{})
			if text := got.Text(); len(text) > 2000 {
				t.Errorf("the mail has %d bytes, want the name cut", len(text))
			}
		})
	}
}

func TestDefang(t *testing.T) {
	r := newFilter(t, "defang", nil)
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			got := r.put(testMail{text: v.text})
			if v.file == "" {
				got.wants(t, "accept, unchanged")
				return
			}
			wantReplaced(t, got, v)
			if !strings.Contains(got.Text(), "File: "+v.file+"\n") {
				t.Errorf("the warning does not name %s: %s", v.file, got.Text())
			}
		})
	}
}

// TestDefangChangesNothingElse compares the whole mail.
func TestDefangChangesNothingElse(t *testing.T) {
	r := newFilter(t, "defang", map[string]string{"warning": `"gone: {name}\n"`})
	bad := "Content-Type: application/x; name=a.exe\nContent-Description: a file\nX-Own: kept\nContent-Transfer-Encoding: base64\n\n" + harmless
	good := part("Content-Type: image/png; name=a.png")
	got := r.put(testMail{text: attached(good, bad, "Content-Type: text/html\n\n<b>a<script src=x>alert(1)</script>b</b>", good)})
	got.wants(t, "accept, changed")
	text := got.Text()
	if !strings.Contains(text, "\ngone: a.exe\n") || strings.Contains(text, "alert(1)") || !strings.Contains(text, "X-Own: kept") {
		t.Fatalf("got %s", text)
	}
	if n := strings.Count(text, good); n != 2 {
		t.Errorf("the other parts are there %d times, want 2: %s", n, text)
	}
	if head, _, _ := strings.Cut(attached(good), "\n--=_b\n"); !strings.HasPrefix(text, head) {
		t.Errorf("header and preamble were changed: %s", text)
	}
	if !strings.HasSuffix(text, "\n--=_b--\nepilogue\n") {
		t.Errorf("the end was changed: %s", text)
	}
}

func TestDefangScripts(t *testing.T) {
	html := "From: x@example.org\nContent-Type: text/html\n\n<p>a<SCRIPT>evil()</SCRIPT >b</p>\n"
	got := newFilter(t, "defang", nil).put(testMail{text: html})
	got.wants(t, "accept, changed")
	if want := "<p>a<!-- script removed -->b</p>\n"; got.Body != want {
		t.Errorf("got body %q, want %q", got.Body, want)
	}
	newFilter(t, "defang", map[string]string{"remove_scripts": "false"}).put(testMail{text: html}).wants(t, "accept, unchanged")
}

func TestAttachmentSettings(t *testing.T) {
	wantBadSettings(t, "defang", []badSetting{
		{"no list", "extensions", `"exe"`, "extensions: a list expected"},
		{"a dot", "extensions", `{ "exe", ".com" }`, `extensions: entry 2 (.com) is not like "exe"`},
		{"no warning", "warning", `nil`, "warning: a text expected"},
		{"no name", "warning_name", `""`, "warning_name: a name expected"},
		{"scripts", "remove_scripts", `1`, "remove_scripts: true or false expected"},
	})
	wantBadSettings(t, "block_attachments", []badSetting{
		{"a pattern", "extensions", `{ "%w+" }`, `extensions: entry 1 (%w+) is not like "exe"`},
		{"neither true nor false", "broken_archives", `"yes"`, "broken_archives: true or false expected"},
		{"no text", "text", `""`, "text: what the sender is told expected"},
	})
}
