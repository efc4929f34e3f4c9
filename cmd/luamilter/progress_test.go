package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestNoProgressBarWhereNobodyLooks(t *testing.T) {
	var file bytes.Buffer
	b := newProgressBar(&file, 100)
	b.begin()
	b.add(50)
	if w := b.over(&file); w != &file {
		t.Errorf("writes go through %T", w)
	}
	b.end()
	if file.Len() > 0 {
		t.Errorf("it drew %q", &file)
	}
}

func TestTheLineOfTheProgressBar(t *testing.T) {
	for _, c := range []struct {
		name        string
		width       int
		total, done int64
		mails       int
		want        string
	}{
		{"the beginning", 80, 1000, 0, 0, "[------------------------------]   0%  0 mails, 0/s"},
		{"in between", 80, 1000, 500, 6, "[###############---------------]  50%  6 mails, 3/s"},
		{"the end", 80, 1000, 1000, 10, "[##############################] 100%  10 mails, 5/s"},
		{"a file that grows", 80, 1000, 3000, 10, "[##############################] 100%  10 mails, 5/s"},
		{"nobody knows how much there is", 80, 0, 3000, 10, "10 mails, 5/s"},
		{"a narrow terminal", 30, 1000, 500, 6, " 50%  6 mails, 3/s"},
		{"a very narrow one", 8, 1000, 500, 6, " 50%  6"},
		{"the narrowest", 1, 1000, 500, 6, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &progressBar{total: c.total, done: c.done, count: c.mails, width: func() int { return c.width }}
			if got := b.line(2 * time.Second); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestADiffOnATerminalGivesNoOrders(t *testing.T) {
	if got, want := printableLines("+a\tb\x1b[2J\n c\r\n"), "+a\tb\\x1b[2J\n c\\x0d\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(printableLines("\u009b"), "\u009b") {
		t.Error("a C1 control character passes")
	}
}
