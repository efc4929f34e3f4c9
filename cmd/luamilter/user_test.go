package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestThePidFileOfAnotherProcessIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	remove, err := writePidFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("got %q, want the process id", got)
	}
	if err := os.WriteFile(path, []byte("1\n"), 0o644); err != nil { // the process that takes over
		t.Fatal(err)
	}
	remove()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("got %v, want the file of the other process", err)
	}
	if remove, err = writePidFile(path); err != nil {
		t.Fatal(err)
	}
	remove()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("got %v, want the file gone", err)
	}
}
