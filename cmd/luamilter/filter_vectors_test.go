package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vector is a mail with, or without, something that has to be taken out. None of them holds a virus: filters go by names, and
// what is in the files is harmless. The names are those of pymilter's test mails.
type vector struct {
	name string
	text string
	file string // the name that a filter finds; "" for a mail that it leaves alone
}

// kept is the content of the parts that no filter may touch.
const kept = "This part stays, with  two spaces and\ttabs \nand =3D signs.\n"

// wantReplaced fails the test unless the text that mentions the file is there and what was in the file is not.
func wantReplaced(t *testing.T, got filtered, v vector) {
	t.Helper()
	got.wants(t, "accept, changed")
	if text := got.Text(); !strings.Contains(text, "WARNING.TXT") {
		t.Errorf("the file was not replaced: %s", text)
	} else if strings.Contains(v.text, kept) && !strings.Contains(text, kept) {
		t.Errorf("another part was changed: %s", text)
	}
	if strings.Contains(got.Text(), harmless[:60]) {
		t.Errorf("the file is still there: %s", got.Text())
	}
}

// harmless is what stands in files, in base64 as it stands in mails.
var harmless = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("Nothing that a computer could run. ", 4)))

// attached is a mail with a text and parts.
func attached(parts ...string) string {
	return "From: x@example.org\nSubject: a mail\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_b\"\n\n" +
		"preamble\n--=_b\nContent-Type: text/plain\n\n" + kept + "\n--=_b\n" + strings.Join(parts, "\n--=_b\n") + "\n--=_b--\nepilogue\n"
}

// part is a part with harmless content.
func part(fields ...string) string {
	return strings.Join(fields, "\n") + "\nContent-Transfer-Encoding: base64\n\n" + harmless + "\n"
}

// packed is a part with this content.
func packed(mediaType, filename string, content []byte) string {
	field := "Content-Type: " + mediaType
	if filename != "" {
		field += "\nContent-Disposition: attachment; filename=\"" + filename + "\""
	}
	var lines strings.Builder
	for text := base64.StdEncoding.EncodeToString(content); text != ""; {
		n := min(76, len(text))
		lines.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return field + "\nContent-Transfer-Encoding: base64\n\n" + lines.String()
}

// zipped is a zip file with files of these names, or, behind "name=", with this content.
func zipped(files ...string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, file := range files {
		name, content, _ := strings.Cut(file, "=")
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			panic(fmt.Sprintf("make a zip file: %v", err))
		}
	}
	w.Close()
	return out.Bytes()
}

func gzipped(name string, content []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Name = name
	w.Write(content)
	w.Close()
	return out.Bytes()
}

// vectors are mails for filters that look for executables.
func vectors() []vector {
	deep := zipped("readme.txt", "run.exe")
	for range 5 {
		deep = zipped("inner.zip=" + string(deep))
	}
	exe := part("Content-Type: application/octet-stream; name=\"FAX20.exe\"")
	manyNames := ""
	for i := range 100 {
		manyNames += fmt.Sprintf(";\n x-name%d=%d.txt", i, i)
	}
	return []vector{
		{"virus1: two extensions", attached(part("Content-Type: application/octet-stream; name=\"LOVE-LETTER-FOR-YOU.TXT.vbs\"")), "LOVE-LETTER-FOR-YOU.TXT.vbs"},
		{"virus3: the first part", strings.Replace(attached("Content-Type: text/html\n\n<p>text"), "Content-Type: text/plain\n\n"+kept,
			part("Content-Type: application/x; name=READER_DIGEST_LETTER.TXT.pif"), 1), "READER_DIGEST_LETTER.TXT.pif"},
		{"virus4: no end boundary", strings.Replace(attached(part("Content-Type: audio/x-wav; name=\"readme.exe\"")), "\n--=_b--\n", "\n", 1), "readme.exe"},
		{"virus6: no multipart", "From: x@example.org\nSubject: fax\nMIME-Version: 1.0\n" + exe, "FAX20.exe"},
		{"honey: brackets", attached(part("Content-Disposition: attachment; filename=\"story[1].scr\"")), "story[1].scr"},
		{"names that disagree", attached(part("Content-Type: text/plain; name=a.txt", "Content-Disposition: attachment; filename=\"b.EXE\"")), "b.EXE"},
		{"RFC 2231 in pieces", attached(part("Content-Disposition: attachment; filename*0*=utf-8''b%2Ee; filename*1=xe")), "b.exe"},
		{"RFC 2047 in a parameter", attached(part("Content-Type: image/gif; name=\"=?utf-8?B?Yi5leGU=?=\"")), "b.exe"},
		{"dots and spaces at the end", attached(part("Content-Disposition: attachment; filename=\"b.exe . .\"")), "b.exe . ."},
		{"a NUL in the name", attached(part("Content-Disposition: attachment; filename*=utf-8''b.exe%00.txt")), "b.exe?.txt"},
		{"in a mail inside", attached("Content-Type: message/rfc822\n\n" + strings.ReplaceAll(attached(exe), "=_b", "=_inner")), "FAX20.exe"},
		{"a mail that has the name", attached("Content-Type: message/rfc822; name=\"b.scr\"\n\nSubject: inner\n\ntext"), "b.scr"},
		{"zip1", attached(packed("application/zip", "a.zip", zipped("readme.txt", "sub/run.EXE"))), "sub/run.EXE"},
		{"zip in zip in zip", attached(packed("application/zip", "a.zip", deep)), "inner.zip/inner.zip/inner.zip/inner.zip/inner.zip/run.exe"},
		{"a zip without name and type", attached(packed("application/octet-stream", "", zipped("run.exe"))), "run.exe"},
		{"a zip that says it is text", attached(packed("text/plain", "a.txt", zipped("run.exe"))), "run.exe"},
		{"gzip", attached(packed("application/gzip", "a.gz", gzipped("run.exe", nil))), "run.exe"},
		{"a broken zip", attached(packed("application/zip", "a.zip", zipped("a.txt=" + strings.Repeat("text ", 99))[:60])), "a.zip"},
		{"too many parts", attached(append(slices.Repeat([]string{"\nx"}, 1000), exe)...), "(no name)"},
		{"too deep", attached("Content-Type: message/rfc822\n\n" + strings.Repeat("Content-Type: message/rfc822\n\n", 50) + exe), "(no name)"},
		{"a header that is not read to its end", attached(strings.Repeat("X-Fill: x\n", 1000) + exe), "(no name)"},
		{"a name behind many others", attached("Content-Disposition: attachment" + manyNames + "\n" + exe), "0.txt"},
		{"two types that differ", "From: x@example.org\nContent-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" +
			exe + "\n--b--\n", "(no name)"},
		{"two types that are the same", "From: x@example.org\nContent-Type: text/plain\nContent-Type: text/plain\n\ntext\n", ""},
		{"spam7: nothing to find", attached("Content-Type: text/html\n\n<p>Buy <b>now</b></p>"), ""},
		{"a harmless zip", attached(packed("application/zip", "a.zip", zipped("readme.txt", "exe", "a.exe.txt"))), ""},
		{"an empty zip", attached(packed("application/zip", "a.zip", zipped())), ""},
		{"names that only look like it", attached(part("Content-Disposition: attachment; filename=\"exe\""),
			part("Content-Disposition: attachment; filename=\"a.exe.txt\""), part("Content-Disposition: attachment; filename=\"a.exec\"")), ""},
		{"a name in the text", "From: x@example.org\n\nRun b.exe now.\n", ""},
		{"no boundary", "From: x@example.org\nContent-Type: multipart/mixed\n\n" + kept, ""},
		{"RAR is not known", attached(packed("application/x-rar", "a.rar", []byte("Rar!\x1a\x07\x00 and so on"))), ""},
	}
}

// replayed is the verdict that luamilter replay prints of a small mail, with flags that the rig has no field for.
func replayed(t *testing.T, r *filterRig, flags ...string) string {
	t.Helper()
	r.write("mail.eml", "From: x@example.org\n\ntext\n")
	mail, scripts := filepath.Join(r.folder, "mail.eml"), r.folder+"/*.lua"
	files, err := filepath.Glob(scripts)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files match %s, want the filter", len(files), scripts)
	}
	var out bytes.Buffer
	if code := luamilter(append([]string{"replay", "--script", files[0], mail}, flags...), &out, io.Discard); code != exitFine {
		t.Fatalf("replay: exit code %d", code)
	}
	return strings.TrimSpace(strings.TrimPrefix(out.String(), mail+": "))
}
