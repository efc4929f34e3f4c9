// Package livefile keeps what was read from a file up to date: a changed file is read again when somebody asks for its
// content, without a goroutine, a new generation of scripts, or anything to close.
package livefile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// MaxSize is the most that a file may have, in bytes.
	MaxSize = 64 << 20
	// lookEvery is how often a file is looked at, at most.
	lookEvery = time.Second
	// settled is how old a file's time must be to tell it from a later change: clocks of file systems are coarse.
	settled = 2 * time.Second
)

// Change is what became of a file that somebody uses.
type Change struct {
	Path string
	Size int   // bytes of the new content
	Err  error // why the old content stays; nil: the new one is in use
}

// File is a file whose content is a T. It is safe for concurrent use, and so must the T be.
type File[T any] struct {
	path  string
	parse func(path string, data []byte) (T, error)
	born  time.Time
	next  atomic.Int64 // when to look again, in nanoseconds from born
	value atomic.Pointer[T]

	looking sync.Mutex // never waited for: whoever does not get it goes on with what there is
	version version    // that was parsed last, in use or not
	unread  string     // why the file cannot be read now, as it was said
}

// version tells one content of a file from another.
type version struct {
	device, inode uint64
	size          int64
	modified      time.Time
	fresh         bool // read so soon after it was written that another change may look the same
	sum           [sha256.Size]byte
}

// Open reads a file, which must be readable and right. parse gets the data, at most MaxSize bytes, and may keep them.
func Open[T any](path string, parse func(path string, data []byte) (T, error)) (*File[T], error) {
	f := &File[T]{path: path, parse: parse, born: time.Now()}
	data, v, err := read(path)
	if err != nil {
		return nil, err
	}
	value, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	f.value.Store(&value)
	f.version = v
	f.next.Store(int64(lookEvery))
	return f, nil
}

// Path is the file's path.
func (f *File[T]) Path() string { return f.path }

// Get gives the content. If the file has changed it is read first, at most once a second and by one caller, who parses it
// while others go on with the old content. One that cannot be used leaves the old one in place; report, which may be nil,
// is told so once, and told of each content that comes into use.
func (f *File[T]) Get(report func(Change)) T {
	now := int64(time.Since(f.born))
	if now >= f.next.Load() && f.looking.TryLock() {
		defer f.looking.Unlock()
		f.next.Store(now + int64(lookEvery))
		if c := f.look(); c != nil && report != nil {
			report(*c)
		}
	}
	return *f.value.Load()
}

// look reads the file if it has changed, and gives what there is to say.
func (f *File[T]) look() *Change {
	info, err := os.Stat(f.path)
	if err != nil {
		return f.lost(err)
	}
	if f.version.same(info) {
		f.unread = ""
		return nil
	}
	data, v, err := read(f.path)
	if err != nil {
		return f.lost(err)
	}
	f.unread = ""
	known := v.sum == f.version.sum
	f.version = v
	if known {
		return nil // touched, or looked at too soon to tell; if it cannot be used, that was said
	}
	value, err := f.parse(f.path, data)
	if err != nil {
		return &Change{Path: f.path, Size: len(data), Err: err}
	}
	f.value.Store(&value)
	return &Change{Path: f.path, Size: len(data)}
}

// lost keeps the content of a file that cannot be read, and says why unless that was said.
func (f *File[T]) lost(err error) *Change {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = fmt.Errorf("%s: %w", f.path, inner.Err)
	}
	if err.Error() == f.unread {
		return nil
	}
	f.unread = err.Error()
	return &Change{Path: f.path, Err: err}
}

// same says that a file is still what was read.
func (v *version) same(info fs.FileInfo) bool {
	stat := info.Sys().(*syscall.Stat_t)
	return !v.fresh && v.device == uint64(stat.Dev) && v.inode == stat.Ino && v.size == info.Size() && v.modified.Equal(info.ModTime())
}

var errNotRegular = errors.New("it is no regular file")

// read gives a file's content and which one it is.
func read(path string) (data []byte, v version, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not keep the caller waiting
	if err != nil {
		return nil, v, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return nil, v, err
	}
	if !before.Mode().IsRegular() {
		return nil, v, fmt.Errorf("%s: %w", path, errNotRegular)
	}
	if before.Size() > MaxSize {
		return nil, v, fmt.Errorf("%s: %d bytes are more than the %d MiB that a file may have", path, before.Size(), MaxSize>>20)
	}
	buf := bytes.NewBuffer(make([]byte, 0, before.Size()+bytes.MinRead))
	if _, err := buf.ReadFrom(io.LimitReader(f, MaxSize+1)); err != nil {
		return nil, v, err
	}
	if buf.Len() > MaxSize {
		return nil, v, fmt.Errorf("%s: it grew beyond the %d MiB that a file may have while it was read", path, MaxSize>>20)
	}
	after, err := f.Stat()
	if err != nil {
		return nil, v, err
	}
	stat := before.Sys().(*syscall.Stat_t)
	changed := before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime())
	return buf.Bytes(), version{
		device:   uint64(stat.Dev),
		inode:    stat.Ino,
		size:     before.Size(),
		modified: before.ModTime(),
		fresh:    changed || time.Since(before.ModTime()).Abs() < settled,
		sum:      sha256.Sum256(buf.Bytes()),
	}, nil
}
