package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luamilter/scripts"
)

// runs fails the test unless a command of luamilter ends well, and gives what it prints.
func runs(t *testing.T, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := luamilter(args, &out, &errOut); code != exitFine {
		t.Fatalf("luamilter %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &errOut)
	}
	if errOut.Len() > 0 {
		t.Errorf("luamilter %s: got %q on standard error", strings.Join(args, " "), &errOut)
	}
	return out.String()
}

// edit replaces a text in a file, which must have it.
func edit(t *testing.T, path, old, new string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// prepare does what init says has to be done before some filters load, or are tested.
func prepare(t *testing.T, name string) {
	t.Helper()
	private, public := signingKey(t)
	switch name {
	case "encrypted_header":
		line := runs(t, "open-header", "--new-key", "postmaster.key")
		edit(t, "encrypted_header.lua", "local public_key = \"\"\n", line)
	case "sign_custom":
		edit(t, "sign_custom.lua", `"/etc/luamilter/sign.key"`, keyFile(t, private))
	case "verify_custom":
		edit(t, "verify_custom.lua", `"/etc/luamilter/sign.pub"`, keyFile(t, public))
	case "mail_archive":
		edit(t, "mail_archive.lua", "/var/spool/luamilter/", "")
	}
}

// wantLuacheckClean runs luacheck as someone does who works in the folder.
func wantLuacheckClean(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("luacheck", "--no-color", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("luacheck: %v\n%s", err, out)
	}
}

func TestWhatInitWritesIsCleanAndPassesItsTest(t *testing.T) {
	for _, name := range append(scripts.Ready(), "") {
		t.Run("filter "+name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			args, filter := []string{"init"}, "filter"
			if name != "" {
				args, filter = append(args, name), name
			}
			runs(t, args...)
			prepare(t, name)
			runs(t, "check", filter+".lua")
			runs(t, "test", filter+"_test.lua")
			wantLuacheckClean(t, ".")
		})
	}
}

func TestInitLeavesNothingBehindWhenItCannotWriteAll(t *testing.T) {
	dir := t.TempDir()
	// A link to nowhere: no file is there, and no folder can be made.
	if err := os.Symlink("nowhere", filepath.Join(dir, "lib")); err != nil {
		t.Fatal(err)
	}
	if code := luamilter([]string{"init", "defang", "--dir", dir}, &bytes.Buffer{}, &bytes.Buffer{}); code != exitFailed {
		t.Errorf("got exit code %d, want %d", code, exitFailed)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v left, want lib alone", left)
	}
}
