package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progressBar is a line at the bottom of a terminal that says how far the work is. A nil one shows nothing.
type progressBar struct {
	screen *os.File
	width  func() int
	start  time.Time

	mu    sync.Mutex
	total int64 // bytes; 0: not known
	done  int64
	count int    // mails
	shown string // the line that stands there
	ended chan struct{}
}

// isTerminal reports that somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	file, ok := unwrapped(w).(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// newProgressBar is nil where errOut is no terminal that can erase a line.
func newProgressBar(errOut io.Writer, total int64) *progressBar {
	if !isTerminal(errOut) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	screen := errOut.(*os.File)
	b := &progressBar{screen: screen, total: total, ended: make(chan struct{})}
	b.width = func() int {
		width, _, err := term.GetSize(int(screen.Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}
	return b
}

// begin draws the line until end.
func (b *progressBar) begin() {
	if b == nil {
		return
	}
	b.start = time.Now()
	go b.run()
}

// progressInterval is how often the line is drawn.
const progressInterval = 100 * time.Millisecond

func (b *progressBar) run() {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-b.ended:
			return
		case <-tick.C:
			b.mu.Lock()
			b.draw()
			b.mu.Unlock()
		}
	}
}

// add notes that one more mail is done, and how many bytes that makes.
func (b *progressBar) add(done int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	b.done = done
}

// end leaves the line as it is at the end, for all to see how long it took.
func (b *progressBar) end() {
	if b == nil {
		return
	}
	close(b.ended)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draw()
	fmt.Fprintln(b.screen)
	b.shown = "" // it is history now
}

// draw writes the line if it has changed.
func (b *progressBar) draw() {
	line := b.line(time.Since(b.start))
	if line == b.shown {
		return
	}
	fmt.Fprintf(b.screen, "\r%s\x1b[K", line) // EL (ECMA-48): erase to the end of the line
	b.shown = line
}

// line is what is shown after a time.
func (b *progressBar) line(after time.Duration) string {
	width := b.width() - 1 // in the last column some terminals begin a new line
	text := fmt.Sprintf("%d mails, %.0f/s", b.count, float64(b.count)/max(after.Seconds(), 0.001))
	if b.total > 0 {
		share := min(float64(b.done)/float64(b.total), 1)
		const cells = 30
		full := int(share * cells)
		text = fmt.Sprintf("[%s%s] %3.0f%%  %s", strings.Repeat("#", full), strings.Repeat("-", cells-full), 100*share, text)
		if len(text) > width {
			_, text, _ = strings.Cut(text, "] ")
		}
	}
	return text[:min(len(text), max(width, 0))]
}

// over gives a writer to the same terminal that takes the line away first and puts it back below. What is no terminal needs none.
func (b *progressBar) over(w io.Writer) io.Writer {
	if b == nil || !isTerminal(w) {
		return w
	}
	return overBar{b, w}
}

type overBar struct {
	bar *progressBar
	w   io.Writer
}

func (o overBar) Write(p []byte) (int, error) {
	b := o.bar
	b.mu.Lock()
	defer b.mu.Unlock()
	shown := b.shown
	if shown != "" {
		fmt.Fprint(b.screen, "\r\x1b[K")
		b.shown = ""
	}
	n, err := o.w.Write(p)
	if shown != "" && bytes.HasSuffix(p, []byte("\n")) {
		b.draw()
	}
	return n, err
}
