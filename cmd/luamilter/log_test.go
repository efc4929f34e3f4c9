package main

import (
	"bytes"
	"testing"
)

func TestOneLongLogLineIsNotKeptInMemory(t *testing.T) {
	var out bytes.Buffer
	b := &lineBuffer{w: &out}
	for _, size := range []int{10, 1 << 20, 10} {
		if _, err := b.Write(bytes.Repeat([]byte{'x'}, size)); err != nil {
			t.Fatal(err)
		}
	}
	b.flush()
	if got, want := out.Len(), 1<<20+20; got != want {
		t.Errorf("got %d bytes, want %d", got, want)
	}
	if got := cap(b.lines); got > 4*logSize {
		t.Errorf("the buffer still takes %d bytes, want at most %d", got, 4*logSize)
	}
}
