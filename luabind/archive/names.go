// Package archive finds the names in archives that come as attachments, and appends messages to mbox files. It is the
// module that a script gets from require "archive".
package archive

import (
	"errors"
	"fmt"
	"io"
)

// Member is a name in an archive.
type Member struct {
	Name      string // in UTF-8; below the archive that holds it: "inner.zip/evil.exe"
	Depth     int    // 1: in the archive itself; 2: in an archive in it
	Encrypted bool   // the name is known, the content is not
}

// Limits bound what is looked into. All are for all levels together.
type Limits struct {
	Depth int   // how many archives may lie in each other
	Bytes int64 // the most that is unpacked
	Count int   // the most names
}

// DefaultLimits are those of the contract: 10 levels, 100 MiB unpacked, 10,000 names.
func DefaultLimits() Limits { return Limits{Depth: 10, Bytes: 100 << 20, Count: 10_000} }

const (
	// mostDefects is how many defects are listed, mostName the longest name (bytes): both come from a stranger.
	mostDefects = 100
	mostName    = 1024
	// mostBytes keeps sums of limits from overflowing.
	mostBytes = 1 << 40
)

// Names gives the names in data if it is a zip, tar, gzip or bzip2 file, and those in archives inside. The type is told by
// the content; filename only helps to name what a gzip or bzip2 file holds, and may be empty. What is no archive has no
// members and no defects. The defects say what is broken, what contradicts itself (then every name that an unpacker could
// show is a member), and what was not looked into.
//
// It never changes data and keeps no part of it. work, which may be nil, is called with the number of bytes that are read,
// or taken as memory, next; it may panic to end the work.
func Names(data []byte, filename string, limit Limits, work func(n int)) (members []Member, defects []string) {
	if work == nil {
		work = func(int) {}
	}
	limit.Bytes = min(max(limit.Bytes, 0), mostBytes)
	w := &walker{
		limit: limit,
		left:  limit.Bytes,
		// Each byte of each level is read at most twice in an honest archive; entries that overlap read the same again
		// and again.
		reads: 2 * (int64(len(data)) + limit.Bytes),
		work:  work,
	}
	w.walk(data, container{file: filename, level: 1})
	return w.members, w.defects
}

// walker looks into one archive and those inside.
type walker struct {
	limit   Limits
	left    int64 // bytes that may still be unpacked
	reads   int64 // bytes that may still be read
	work    func(n int)
	members []Member
	defects []string
	inflate io.ReadCloser // made once: it takes 40 KiB
}

// container is an archive: data that has a place among others.
type container struct {
	file  string // its own name, "" if it has none
	path  string // what the names in it begin with, "" at the first level
	level int
}

// child is the path of a member.
func (c container) child(name string) string {
	if c.path == "" {
		return shorten(name)
	}
	return shorten(c.path + "/" + name)
}

// title names the archive in a defect.
func (c container) title() string {
	switch {
	case c.path != "":
		return c.path
	case c.file != "":
		return shorten(c.file)
	}
	return "the archive"
}

// walk adds the names in data.
func (w *walker) walk(data []byte, c container) {
	kind := kindOf(data)
	if unread := kind.unread(); unread != "" {
		w.defect("%s: %s is not looked into", c.title(), unread)
		return
	}
	if c.level > w.limit.Depth && (kind != kindNone || hasDirectory(data, kind)) {
		w.defect("%s: archives in each other beyond %d levels are not looked into", c.title(), w.limit.Depth)
		return
	}
	switch kind {
	case kindTar:
		w.tar(data, c)
	case kindGzip:
		w.gzip(data, c)
	case kindBzip2:
		w.bzip2(data, c)
	}
	// A zip is read from its end, so anything may stand before it: a program that unpacks it, or another archive.
	if kind == kindZip || hasDirectory(data, kind) {
		if kind != kindZip && kind != kindNone {
			w.defect("%s: is a zip file as well", c.title())
		}
		w.zip(data, c)
	}
}

// add adds a member; ok is false when there are as many as may be.
func (w *walker) add(c container, name string, encrypted bool) (path string, ok bool) {
	path = c.child(name)
	if len(w.members) >= w.limit.Count {
		w.once("there are more than %d names: the others are not listed", w.limit.Count)
		return path, false
	}
	w.work(len(path) + 64)
	w.members = append(w.members, Member{Name: path, Depth: c.level, Encrypted: encrypted})
	return path, true
}

// defect notes what is wrong.
func (w *walker) defect(format string, args ...any) {
	switch {
	case len(w.defects) < mostDefects:
		w.defects = append(w.defects, fmt.Sprintf(format, args...))
	case len(w.defects) == mostDefects:
		w.defects = append(w.defects, "and more")
	}
}

// once is defect for what would be said again and again.
func (w *walker) once(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, d := range w.defects {
		if d == text {
			return
		}
	}
	w.defect("%s", text)
}

// outcome is how far a member was read.
type outcome int

const (
	readOn outcome = iota // there may be more to read
	readAll
	walked // all was read, and it is an archive
	broken // it cannot be read on
)

// inside looks into a member that r unpacks, if it is an archive.
func (w *walker) inside(path string, c container, r io.Reader) outcome {
	if w.left <= 0 || w.reads <= 0 {
		w.once("what comes after the first %d unpacked bytes is not looked into", w.limit.Bytes)
		return readOn
	}
	head, err := w.read(nil, r, headSize)
	if !mayHold(head, path) {
		switch err {
		case nil:
			return readOn
		case io.EOF:
			return readAll
		}
		w.unreadable(path, err)
		return broken
	}
	if unread := kindOf(head).unread(); unread != "" {
		w.defect("%s: %s is not looked into", path, unread)
		return readOn
	}
	if err == nil {
		head, err = w.readRest(head, r)
	}
	if err != io.EOF {
		w.unreadable(path, err)
	}
	w.walk(head, container{file: baseName(path), path: path, level: c.level + 1})
	if err != io.EOF {
		return broken
	}
	return walked
}

// unreadable notes that a member could not be unpacked to its end; what came before is used.
func (w *walker) unreadable(path string, err error) {
	if err == nil || errors.Is(err, errSpent) {
		w.defect("%s: not looked into to its end: %d bytes were unpacked", path, w.limit.Bytes)
		return
	}
	w.defect("%s: cannot be unpacked: %s", path, err)
}
