package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mboxes is a new folder, and the setting path for a file in it.
func mboxes(t *testing.T, name string) (folder string, settings map[string]string) {
	t.Helper()
	folder = t.TempDir()
	return folder, map[string]string{"path": fmt.Sprintf("%q", filepath.Join(folder, name))}
}

// readMbox reads a file in which each time of a From line is *.
func readMbox(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^(From \S+) \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$`).ReplaceAllString(string(data), "$1 *")
}

func TestMailArchive(t *testing.T) {
	folder, settings := mboxes(t, "all.mbox")
	f := newFilter(t, "mail_archive", settings)
	f.put(testMail{to: []string{"b@example.net", "hidden@example.net"}, text: "Subject:no space\nX-Fold: a\n\tb\n\nFrom here\n>From there\n.\n"}).
		wants(t, "accept, unchanged")
	f.put(testMail{from: "<>", text: "X-Envelope-To: forged@example.net\nSubject: =?utf-8?q?=FF?= \xff\n\nlast line\n"}).
		wants(t, "accept, unchanged")
	f.put(testMail{text: "Subject: no body\n\n"}).wants(t, "accept, unchanged")
	want := "From a@example.org *\nX-Envelope-To: b@example.net,\n hidden@example.net\nSubject:no space\nX-Fold: a\n\tb\n\n" +
		">From here\n>>From there\n.\n\n" +
		"From MAILER-DAEMON *\nX-Envelope-To: b@example.net\nX-Envelope-To: forged@example.net\n" +
		"Subject: =?utf-8?q?=FF?= \xff\n\nlast line\n\n" +
		"From a@example.org *\nX-Envelope-To: b@example.net\nSubject: no body\n\n\n"
	if got := readMbox(t, filepath.Join(folder, "all.mbox")); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestMailArchiveWithoutRecipients(t *testing.T) {
	folder, settings := mboxes(t, "all.mbox")
	settings["recipients_in"], settings["sync"] = "nil", "true"
	body := strings.Repeat("0123456789abcdef\n", 200000)
	newFilter(t, "mail_archive", settings).put(testMail{text: "Subject: big\n\n" + body})
	if got := readMbox(t, filepath.Join(folder, "all.mbox")); got != "From a@example.org *\nSubject: big\n\n"+body+"\n" {
		t.Errorf("got %d bytes, beginning %.80q", len(got), got)
	}
}

func TestMailArchiveFillsInTheDate(t *testing.T) {
	folder, settings := mboxes(t, "all-%Y-%m.mbox")
	before := time.Now().UTC()
	newFilter(t, "mail_archive", settings).put(testMail{text: "Subject: x\n\ntext\n"})
	_, first := os.Stat(filepath.Join(folder, before.Format("all-2006-01.mbox")))
	_, second := os.Stat(filepath.Join(folder, time.Now().UTC().Format("all-2006-01.mbox")))
	if first != nil && second != nil {
		t.Error(first)
	}
}

// TestMailArchiveThatCannotBeWritten: mail goes on, and the log has path and uid, but not for every mail.
func TestMailArchiveThatCannotBeWritten(t *testing.T) {
	folder, settings := mboxes(t, "none/all.mbox")
	f := newFilter(t, "mail_archive", settings)
	for range 3 {
		f.put(testMail{text: "Subject: x\n\ntext\n"}).wants(t, "accept, unchanged")
	}
	problem := fmt.Sprintf("%s/none/all.mbox: open: no such file or directory (uid %d)", folder, os.Getuid())
	f.wantLog(problem)
	if got := strings.Count(f.log.String(), problem); got != 1 {
		t.Errorf("logged %d times, want once: %s", got, f.log)
	}
}

func TestMailArchiveThatMailMustWaitFor(t *testing.T) {
	_, settings := mboxes(t, "none/all.mbox")
	settings["on_error"], settings["quiet"] = `"tempfail"`, "0"
	f := newFilter(t, "mail_archive", settings)
	for range 2 {
		f.put(testMail{text: "Subject: x\n\ntext\n"}).
			wants(t, "tempfail: 451 4.3.0 the mail archive can't be written - try again later")
	}
	if got := strings.Count(f.log.String(), "none/all.mbox: open"); got != 2 {
		t.Errorf("logged %d times, want twice: %s", got, f.log)
	}
}

func TestMailArchiveRefusesSettings(t *testing.T) {
	wantBadSettings(t, "mail_archive", []badSetting{
		{"no path", "path", `""`, "path must be"},
		{"sync is a word", "sync", `"yes"`, "sync must be true or false"},
		{"quiet is a word", "quiet", `"long"`, "quiet must be a number"},
		{"an unknown on_error", "on_error", `"reject"`, "on_error must be"},
		{"a field that has a colon", "recipients_in", `"X-To:"`, "recipients_in is no field name"},
	})
}
