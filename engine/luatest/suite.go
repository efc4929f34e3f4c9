package luatest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"luamilter/engine"
	"luamilter/luabind"
)

// Suite is what the test files of one run have in common. Several of its files may run at once.
type Suite struct {
	// Config is that of the hosts; Log, Observer and Clock are set for each. Without Scripts, NAME_test.lua tests NAME.lua.
	Config engine.Config
	// Only chooses cases by name; nil: all.
	Only func(name string) bool
	// Limit is how long one case may take, the filter included.
	Limit time.Duration
}

// File is what came of one test file.
type File struct {
	Path    string
	Problem string // why no case ran: "file:line: message", or several such lines
	Cases   []Case
	Left    int // cases that Only has left out
	Took    time.Duration
	// Used are the files that it depends on: itself, the modules, the scripts, the mails.
	Used []luabind.File
}

// Case is one case that ran.
type Case struct {
	Name      string
	Line      int // where it begins
	Failures  []Failure
	Log       []Line // of the scripts and of print in the test
	Callbacks []Calls
	Took      time.Duration
}

// Failure is why a case failed.
type Failure struct {
	Place  string // file:line, "" where that is not known
	Source string // that line
	Text   string // may have several lines, safe to print
}

// Line is one log line.
type Line struct {
	Level    string // debug, info, warn or error
	Text     string
	Script   string // "" for one of the host, or of the test
	Callback string
	Fields   []Field
}

// Field is one field of a log line.
type Field struct{ Name, Value string }

// Calls is how often a callback ran, and how long it took in all.
type Calls struct {
	Name  string
	Count int
	Took  time.Duration
}

// Failed is how many cases failed. A Problem counts as one.
func (f *File) Failed() int {
	n := 0
	if f.Problem != "" {
		n++
	}
	for i := range f.Cases {
		if len(f.Cases[i].Failures) > 0 {
			n++
		}
	}
	return n
}

// suffix is how the names of test files end.
const suffix = "_test.lua"

// Tested is the script that a test file is about.
func Tested(path string) (script string, err error) {
	name, ok := strings.CutSuffix(path, suffix)
	if !ok || name == "" || os.IsPathSeparator(name[len(name)-1]) {
		return "", fmt.Errorf("%s is no test: its name must end with %s", path, suffix)
	}
	return name + ".lua", nil
}

// Run runs the cases of a test file, one after the other; none goes on for long when ctx has ended.
func (s *Suite) Run(ctx context.Context, path string) *File {
	start := time.Now()
	f := &File{Path: path}
	r := &runner{suite: s, file: f, config: s.Config, sources: map[string][]string{}}
	if err := r.run(ctx); err != nil {
		f.Problem = printable(err.Error())
	}
	f.Used = append(f.Used, luabind.File{Path: path, Hash: r.hash})
	f.Took = time.Since(start)
	return f
}
