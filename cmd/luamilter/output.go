package main

import (
	"cmp"
	"io"
	"sync"
)

// output remembers that something could not be written: what a command prints is its result, and a part of it is none.
type output struct {
	io.Writer
	mu  sync.Mutex
	err error // the first
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = cmp.Or(o.err, err)
	return n, err
}

// failure is the first error, nil if all was written.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// unwrapped is what an output writes to, which may be a file or a terminal.
func unwrapped(w io.Writer) io.Writer {
	if o, ok := w.(*output); ok {
		return o.Writer
	}
	return w
}
