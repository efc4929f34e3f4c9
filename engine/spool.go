package engine

import (
	"fmt"
	"os"
	"runtime/debug"
	"unsafe"
)

// spool keeps the body of one message: in memory as long as it is short, then in a file that nobody else can open. The
// goroutine of the connection alone uses it.
type spool struct {
	most  int64 // bytes in memory
	first string
	rest  []byte // with first before it, once there is a second chunk
	size  int64
	file  *os.File
	data  []byte // the file in memory, from body to free
	fault bool   // what SetPanicOnFault was before
}

// spoolError is that of the file.
type spoolError struct{ err error }

func (e *spoolError) Error() string { return "keep the body: " + e.err.Error() }
func (e *spoolError) Unwrap() error { return e.err }

// write adds a chunk. After an error, a *spoolError, the spool is of use for free only.
func (s *spool) write(chunk string) error {
	if chunk == "" {
		return nil
	}
	s.size += int64(len(chunk))
	switch {
	case s.file != nil:
		return s.append(chunk)
	case s.size > s.most:
		return s.spill(chunk)
	case s.first == "" && s.rest == nil:
		s.first = chunk // most bodies are one chunk; see session.BodyReturned
	default:
		s.rest = append(append(s.rest, s.first...), chunk...)
		s.first = ""
	}
	return nil
}

// spill takes what there is to a file, in the folder that TMPDIR names.
func (s *spool) spill(chunk string) error {
	file, err := os.CreateTemp("", "luamilter-")
	if err != nil {
		return &spoolError{err}
	}
	s.file = file
	// It has no name from here on, so that nothing can leave it behind.
	if err := os.Remove(file.Name()); err != nil {
		return &spoolError{err}
	}
	first, rest := s.first, s.rest
	s.first, s.rest = "", nil
	if err := s.append(first); err != nil {
		return err
	}
	if _, err := file.Write(rest); err != nil {
		return &spoolError{err}
	}
	return s.append(chunk)
}

func (s *spool) append(chunk string) error {
	if _, err := s.file.WriteString(chunk); err != nil {
		return &spoolError{err}
	}
	return nil
}

// body is all that was written. It must not be written to, and is there until free.
func (s *spool) body() ([]byte, error) {
	switch {
	case s.data != nil:
		return s.data, nil
	case s.file == nil && s.rest != nil:
		return s.rest, nil
	case s.file == nil:
		return unsafe.Slice(unsafe.StringData(s.first), len(s.first)), nil
	}
	data, err := mapFile(s.file, int(s.size))
	if err != nil {
		return nil, &spoolError{fmt.Errorf("map %s: %w", s.file.Name(), err)}
	}
	s.data = data
	// A disk that can't be read shows when the memory is: that must cost this connection and not the process.
	s.fault = debug.SetPanicOnFault(true)
	return data, nil
}

// free gives everything back; what body gave must not be used any more. A second time it does nothing.
func (s *spool) free() {
	if s.data != nil {
		debug.SetPanicOnFault(s.fault)
		_ = unmapFile(s.data)
	}
	if s.file != nil {
		_ = s.file.Close() // nobody will read it
	}
	*s = spool{}
}
