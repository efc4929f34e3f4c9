// Package mailbox finds mails and reads them one after the other: from mail files, mbox files, Maildirs, folders of .eml
// files, and a stream.
package mailbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source is a file with one mail or, if it is an mbox, with many.
type Source struct {
	Path string // "-" is a stream
	Size int64  // in bytes; -1: not known
	Err  error  // why it can't be read
}

// Find lists the sources below paths, in their order: a file is one, a folder has several, sorted by name. An error stands
// in the place of what it concerns.
func Find(paths []string) []Source {
	var sources []Source
	for _, path := range paths {
		sources = append(sources, find(path)...)
	}
	return sources
}

func find(path string) []Source {
	if path == "-" {
		return []Source{{Path: path, Size: -1}}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return []Source{{Path: path, Err: readError(path, err)}}
	case !info.IsDir():
		return []Source{{Path: path, Size: sizeOf(info)}}
	}
	var sources []Source
	if isMaildir(path) {
		sources = findMaildir(path)
	} else {
		sources = filesIn(path, func(name string) bool { return strings.EqualFold(filepath.Ext(name), ".eml") })
		if len(sources) == 0 {
			err := errors.New("neither a Maildir (a folder with cur and new) nor a folder with .eml files")
			return []Source{{Path: path, Err: readError(path, err)}}
		}
	}
	return sources
}

// sizeOf is the size of a regular file; what else can be read, a named pipe for example, has none.
func sizeOf(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return -1
}

// readError leaves out what os repeats: the operation and the path.
func readError(path string, err error) error {
	var reason *fs.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	return fmt.Errorf("read mail %s: %w", path, err)
}

// isMaildir looks for the two folders of a Maildir that hold mails. In tmp they are not complete.
func isMaildir(path string) bool {
	for _, sub := range [...]string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(path, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// findMaildir lists the mails of a Maildir, then those of the folders in it, which Maildir++ names with a leading dot.
func findMaildir(path string) []Source {
	visible := func(name string) bool { return !strings.HasPrefix(name, ".") }
	sources := append(filesIn(filepath.Join(path, "cur"), visible), filesIn(filepath.Join(path, "new"), visible)...)
	entries, err := os.ReadDir(path)
	if err != nil {
		return append(sources, Source{Path: path, Err: readError(path, err)})
	}
	for _, e := range entries {
		folder := filepath.Join(path, e.Name())
		if e.IsDir() && !visible(e.Name()) && isMaildir(folder) {
			sources = append(sources, findMaildir(folder)...)
		}
	}
	return sources
}

// filesIn lists the regular files of a folder. A device or a pipe that somebody has put there is passed by: it may never end.
func filesIn(folder string, wanted func(name string) bool) []Source {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return []Source{{Path: folder, Err: readError(folder, err)}}
	}
	var sources []Source
	for _, e := range entries {
		if !wanted(e.Name()) || !e.Type().IsRegular() && e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		path := filepath.Join(folder, e.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
			sources = append(sources, Source{Path: path, Err: readError(path, err)})
		case info.Mode().IsRegular():
			sources = append(sources, Source{Path: path, Size: info.Size()})
		}
	}
	return sources
}
