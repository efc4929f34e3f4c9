package livefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// old is a time of a file that cannot be mistaken for now.
var old = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// put replaces a file at once and gives it a time.
func put(t *testing.T, path, text string, when time.Time) {
	t.Helper()
	next := path + ".next"
	err := os.WriteFile(next, []byte(text), 0o600)
	if err == nil {
		err = os.Chtimes(next, when, when)
	}
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// words refuses a file with "broken" in it.
func words(path string, data []byte) (string, error) {
	if strings.Contains(string(data), "broken") {
		return "", fmt.Errorf("%s:1: %q is broken", path, data)
	}
	return string(data), nil
}

// rig is a file and what is reported of it.
type rig struct {
	t    *testing.T
	path string
	file *File[string]
	said []string
}

func newRig(t *testing.T, text string) *rig {
	r := &rig{t: t, path: filepath.Join(t.TempDir(), "words")}
	put(t, r.path, text, old)
	f, err := Open(r.path, words)
	if err != nil {
		t.Fatal(err)
	}
	r.file = f
	return r
}

// get asks for the content after a second, and checks it and what was reported.
func (r *rig) get(want string, said ...string) {
	r.t.Helper()
	time.Sleep(time.Second)
	r.said = nil
	got := r.file.Get(func(c Change) {
		if c.Err != nil {
			r.said = append(r.said, c.Err.Error())
		} else {
			r.said = append(r.said, fmt.Sprint("new ", c.Size))
		}
	})
	if got != want {
		r.t.Errorf("got %q, want %q", got, want)
	}
	if len(r.said) != len(said) || len(said) == 1 && !strings.Contains(r.said[0], said[0]) {
		r.t.Errorf("got the report %q, want %q", r.said, said)
	}
}

func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "one")
		r.get("one")
		put(t, r.path, "two", old)
		r.get("two", "new 3") // the inode tells
		r.get("two")
		put(t, r.path, "broken", old)
		r.get("two", `words:1: "broken" is broken`)
		r.get("two")
		put(t, r.path, "broken", old.Add(time.Hour))
		r.get("two") // it was said
		put(t, r.path, "two", old)
		r.get("two", "new 3")
		os.Remove(r.path)
		r.get("two", "words: no such file or directory")
		r.get("two")
		put(t, r.path, "two", old)
		r.get("two")
		os.Remove(r.path)
		r.get("two", "no such file")
		if err := os.Mkdir(r.path, 0o700); err != nil {
			t.Fatal(err)
		}
		r.get("two", "no regular file")
		os.Remove(r.path)
		put(t, r.path, "three", old)
		r.get("three", "new 5")
	})
}

func TestLooksOncePerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "one")
		put(t, r.path, "two", old)
		time.Sleep(999 * time.Millisecond)
		if got := r.file.Get(nil); got != "one" {
			t.Errorf("within the second: got %q, want the old content", got)
		}
		time.Sleep(time.Millisecond)
		if got := r.file.Get(nil); got != "two" {
			t.Errorf("after it: got %q, want the new content", got)
		}
	})
}

// TestChangeWithinTheClockOfTheFileSystem writes the same size twice, and the file's time and inode stay.
func TestChangeWithinTheClockOfTheFileSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "one")
		now := time.Now()
		write := func(text string) {
			if err := os.WriteFile(r.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(r.path, now, now); err != nil {
				t.Fatal(err)
			}
		}
		write("two")
		r.get("two", "new 3")
		write("six")
		r.get("six", "new 3")
		r.get("six")
	})
}

func TestOthersGoOnWhileOneParses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words")
	put(t, path, "one", old)
	parsing, goOn := make(chan bool), make(chan bool)
	first := true
	f, err := Open(path, func(path string, data []byte) (string, error) {
		if !first {
			parsing <- true
			<-goOn
		}
		first = false
		return string(data), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, "two", old)
	f.next.Store(0)
	done := make(chan string)
	go func() { done <- f.Get(nil) }()
	<-parsing
	f.next.Store(0)
	if got := f.Get(nil); got != "one" {
		t.Errorf("got %q, want the old content without waiting", got)
	}
	goOn <- true
	if got := <-done; got != "two" {
		t.Errorf("got %q, want the new content", got)
	}
}

func TestParserThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "words")
		put(t, path, "one", old)
		first := true
		f, err := Open(path, func(string, []byte) (string, error) {
			if !first {
				panic("stop")
			}
			first = false
			return "one", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, "two", old)
		time.Sleep(time.Second)
		func() {
			defer func() { recover() }()
			f.Get(nil)
		}()
		time.Sleep(time.Second)
		if got := f.Get(nil); got != "one" {
			t.Errorf("got %q, want the old content", got)
		}
	})
}

func TestFilesThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	big, pipe := filepath.Join(dir, "big"), filepath.Join(dir, "pipe")
	put(t, big, "", old)
	if err := errors.Join(os.Truncate(big, MaxSize+1), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "words"), "broken", old)
	for name, want := range map[string]string{
		"none": "no such file", "big": "67108865 bytes are more than the 64 MiB", "pipe": "no regular file", ".": "no regular file",
		"words": `words:1: "broken" is broken`,
	} {
		if _, err := Open(filepath.Join(dir, name), words); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

func TestRegistry(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "words")
	var r Registry[string]
	if _, err := r.Open(path, "", words); err == nil {
		t.Error("a missing file was opened")
	}
	put(t, path, "one", old)
	var files [8]*File[string]
	var all sync.WaitGroup
	for i := range files {
		all.Go(func() {
			f, err := r.Open(path, "", words)
			if err != nil {
				t.Error(err)
			}
			files[i] = f
		})
	}
	all.Wait()
	for _, f := range files {
		if f != files[0] {
			t.Error("two files for one path and options")
		}
	}
	if other, err := r.Open(path, "other", words); err != nil || other == files[0] {
		t.Errorf("other options: got the same file, or %v", err)
	}
	os.Remove(path)
	if f, err := r.Open(path, "", words); err != nil || f != files[0] {
		t.Errorf("a file that is gone by now: got %v, want the one that is open", err)
	}
}

func TestParallelUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words")
	put(t, path, "0", old)
	f, err := Open(path, words)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				f.next.Store(0)
				f.Get(func(Change) {})
			}
		})
	}
	for i := range 20 {
		put(t, path, fmt.Sprint(i), old)
	}
	all.Wait()
	f.next.Store(0)
	if got := f.Get(nil); got != "19" {
		t.Errorf("got %q, want the last content", got)
	}
}
