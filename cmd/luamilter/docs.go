package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"luamilter/docs"
	"luamilter/luabind"
)

// docsCommand shows an entry of the reference, or a page, in the terminal.
func docsCommand(args []string, out, errOut io.Writer) error {
	fs := newFlags("docs")
	if err := parse(fs, args, out, docsHelp); err != nil {
		return err
	}
	if fs.NArg() > 1 {
		return usageErrorf("one name at a time: %q and %q", fs.Arg(0), fs.Arg(1))
	}
	topics := newTopics()
	markdown := topics.overview()
	if fs.NArg() == 1 {
		var ok bool
		if markdown, ok = topics.find(fs.Arg(0)); !ok {
			return noTopic(topics, fs.Arg(0))
		}
	}
	width, styled := terminal(out)
	if _, err := io.WriteString(out, docs.Render(markdown, width, styled)); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func noTopic(topics *topics, name string) error {
	if near := luabind.Nearest(name, topics.names); near != "" {
		return usageErrorf("there is nothing about %q; did you mean %s?", name, near)
	}
	return usageErrorf("there is nothing about %q; luamilter docs lists what there is", name)
}

const (
	// plainWidth is for output that goes to no terminal.
	plainWidth = 80
	// widest is how long lines are at most: longer ones are hard to read.
	widest = 100
)

// terminal says how wide a text may be, and whether it may have bold in it (https://no-color.org).
func terminal(out io.Writer) (width int, styled bool) {
	file, ok := unwrapped(out).(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return plainWidth, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 20 {
		width = plainWidth
	}
	return min(width, widest), os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

const docsHelp = `Shows the reference in the terminal.

Usage:
  luamilter docs [NAME]

NAME is a function (add_header, mime.parse), a method (message:set_header, or m:set_header), a
callback (on_mail), an object or a field of it (msg, conn.helo), a module (mime) or a page (filters).
Without a name it lists all of them.

Exit codes: 0 fine, 2 there is nothing of that name.
%s`

// clean takes away what people write behind a name: "add_header()", "filters.md".
func clean(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "()"), ".md")
}
