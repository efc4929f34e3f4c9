package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Envelope is what an mbox file says of a message besides the message.
type Envelope struct {
	Sender string // "" is written as MAILER-DAEMON
	Time   time.Time
}

// mostSender is the longest sender that is written (bytes); RFC 5321 section 4.5.3.1.3 allows a path of 256.
const mostSender = 1000

// Append appends a message to an mbox file in mboxrd format (RFC 4155 names the variants): a From_ line, the message with
// LF line ends and one more ">" before each ">...From ", an empty line. The file is made with mode 0600 if it is not
// there; a symbolic link, a device or a pipe is refused. With sync the message is on the disk when Append returns.
//
// The file is locked (see lock) until then; Append waits for others that hold the lock until ctx ends. When writing fails,
// the file gets back its old length. work, which may be nil, is called with the number of bytes that are written next, and
// with 0 while it waits; it may panic to stop. An error names the path and the user.
func Append(ctx context.Context, path string, message string, e Envelope, sync bool, work func(n int)) error {
	if work == nil {
		work = func(int) {}
	}
	if err := appendTo(ctx, path, message, e, sync, work); err != nil {
		reason := err.Error()
		var inner *fs.PathError
		if errors.As(err, &inner) {
			reason = inner.Op + ": " + inner.Err.Error()
		}
		return fmt.Errorf("%s: %s (uid %d)", path, reason, os.Geteuid())
	}
	return nil
}

func appendTo(ctx context.Context, path string, message string, e Envelope, sync bool, work func(n int)) (err error) {
	f, err := openLocked(ctx, path, work)
	if err != nil {
		return err
	}
	defer f.Close() // also ends the lock
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size, written := info.Size(), false
	defer func() {
		if written {
			return
		}
		if undo := f.Truncate(size); undo != nil && err != nil {
			err = fmt.Errorf("%w; a part of the message stays there: %v", err, undo)
		}
	}()
	gap, err := gapBefore(f, size)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	w.WriteString(gap)
	writeMessage(w, message, e, work)
	if err := w.Flush(); err != nil { // it keeps the first error
		return err
	}
	if sync {
		if err := syncFile(f, path, size == 0); err != nil {
			return err
		}
	}
	written = true
	return nil
}

// gapBefore is what must be written first, so that the From_ line follows an empty line: another program may have left
// half a message.
func gapBefore(f *os.File, size int64) (string, error) {
	if size == 0 {
		return "", nil
	}
	end := make([]byte, min(size, 2))
	if _, err := f.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF {
		return "", err
	}
	switch {
	case end[len(end)-1] != '\n':
		return "\n\n", nil
	case len(end) == 2 && end[0] != '\n':
		return "\n", nil
	}
	return "", nil
}

// writeMessage leaves it to w to keep the first error.
func writeMessage(w *bufio.Writer, message string, e Envelope, work func(n int)) {
	fmt.Fprintf(w, "From %s %s\n", senderOf(e.Sender), e.Time.UTC().Format(time.ANSIC))
	for rest := message; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		work(len(rest) - len(after))
		rest = after
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
			w.WriteByte('>')
		}
		w.WriteString(line)
		w.WriteByte('\n')
	}
	w.WriteByte('\n')
}

// senderOf is the sender as one word.
func senderOf(sender string) string {
	sender = strings.TrimSuffix(strings.TrimPrefix(sender, "<"), ">")
	if sender == "" {
		return "MAILER-DAEMON"
	}
	word := []byte(sender[:min(len(sender), mostSender)])
	for i, c := range word {
		if c <= ' ' || c == 0x7f {
			word[i] = '_'
		}
	}
	return string(word)
}

// syncFile has a file, and a new one's name, written to the disk.
func syncFile(f *os.File, path string, fresh bool) error {
	if err := f.Sync(); err != nil || !fresh {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// openMode makes no pipe or terminal keep the script waiting, and takes no link that a stranger may have put there.
const openMode = os.O_RDWR | os.O_APPEND | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY

var (
	errLink       = errors.New("it is a symbolic link")
	errNotRegular = errors.New("it is no regular file")
	errLocked     = errors.New("another program has locked it")
	errMoved      = errors.New("it is moved away again and again")
)

// openLocked opens and locks the file that has the path when the lock is there: it may be moved away while others hold
// the lock, as a log that is rotated.
func openLocked(ctx context.Context, path string, work func(n int)) (*os.File, error) {
	for {
		f, err := openRegular(path)
		if err != nil {
			return nil, err
		}
		same, err := lockSame(ctx, f, path, work)
		if err == nil && same {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
		work(0)
		if ctx.Err() != nil {
			return nil, errMoved
		}
	}
}

func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, openMode, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, errLink
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockSame locks f and says whether it is still the file of that path.
func lockSame(ctx context.Context, f *os.File, path string, work func(n int)) (same bool, err error) {
	kept := false
	defer func() {
		if !kept {
			f.Close() // work has panicked
		}
	}()
	err = lock(ctx, f, work)
	kept = true
	if err != nil {
		return false, err
	}
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, now), err
}
