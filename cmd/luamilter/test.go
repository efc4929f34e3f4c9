package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"luamilter/engine"
	"luamilter/engine/luatest"
	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// testFlags are the flags of test.
type testFlags struct {
	hostFlags
	filter      string
	verbose     bool
	junit       string
	watch       bool
	cover       bool
	coverHTML   string
	coverMin    percentage
	caseTimeout timeLimit
	miltertest  miltertestFlags
}

func (f *testFlags) parse(args []string, out io.Writer) (files []string, err error) {
	fs := newFlags("test")
	f.registerScripts(fs)
	fs.StringVar(&f.filter, "filter", "", "only the cases whose name has this `TEXT` in it, or matches it as a regular expression")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print each case, its log lines, and the time of its callbacks")
	fs.StringVar(&f.junit, "junit", "", "write a JUnit report to a `FILE`")
	fs.BoolVar(&f.watch, "watch", false, "run again whenever a test, a filter, a module or a mail changes")
	fs.BoolVar(&f.cover, "cover", false, "say which lines of the filters did not run")
	fs.StringVar(&f.coverHTML, "cover-html", "", "write the source of the filters to a `FILE`, marked by what ran")
	fs.Var(&f.coverMin, "cover-min", "fail if less than `PERCENT` of the lines ran")
	fs.Var(&f.caseTimeout, "case-timeout", "`TIME` that one case may take, the filter included")
	f.registerRunning(fs)
	f.registerLimits(fs)
	f.miltertest.register(fs)
	if err := parse(fs, args, out, testHelp); err != nil {
		return nil, err
	}
	if err := f.miltertest.validate(fs, f.scripts); err != nil {
		return nil, err
	}
	if fs.NArg() == 0 {
		return []string{"."}, nil
	}
	return fs.Args(), nil
}

// testCommand runs tests written in Lua.
func testCommand(args []string, out, errOut io.Writer) error {
	f := testFlags{hostFlags: defaultHostFlags(), caseTimeout: timeLimit(time.Minute)}
	f.states = count{value: testStates}
	named, err := f.parse(args, out)
	if err != nil {
		return err
	}
	if f.miltertest.file != "" {
		return f.miltertest.run(&f.hostFlags, f.verbose, out, errOut)
	}
	if f.watch {
		return f.runAlways(named, out, errOut)
	}
	_, _, err = f.runOnce(context.Background(), named, out)
	return err
}

// testStates are a few, so that what one of them has is seldom there by chance when the next callback runs in another.
const testStates = 3

// runOnce runs the test files, several at once, and prints what came of them, in the order in which they were named.
func (f *testFlags) runOnce(ctx context.Context, named []string, out io.Writer) (files []*luatest.File, counts string, err error) {
	paths, err := testFiles(named)
	if err != nil {
		return nil, "", err
	}
	suite := luatest.Suite{Config: f.config(nil), Only: f.only(), Limit: time.Duration(f.caseTimeout)}
	if f.cover || f.coverHTML != "" || f.coverMin.given {
		suite.Config.Coverage = new(guard.Coverage)
	}
	report := luatest.Report{Out: out, Verbose: f.verbose}
	for file := range runFiles(ctx, &suite, paths) {
		report.Add(file)
		files = append(files, file)
	}
	report.Summary()
	return files, report.Counts(), f.conclude(&report, files, suite.Config.Coverage, out)
}

// runFiles gives the files one after the other, while those behind them run as well.
func runFiles(ctx context.Context, suite *luatest.Suite, paths []string) func(yield func(*luatest.File) bool) {
	return func(yield func(*luatest.File) bool) {
		done := make([]chan *luatest.File, len(paths))
		for i := range done {
			done[i] = make(chan *luatest.File, 1)
		}
		next := make(chan int, len(paths))
		for i := range paths {
			next <- i
		}
		close(next)
		var workers sync.WaitGroup
		defer workers.Wait()
		for range min(runtime.GOMAXPROCS(0), len(paths)) {
			workers.Go(func() {
				for i := range next {
					done[i] <- suite.Run(ctx, paths[i])
				}
			})
		}
		for _, c := range done {
			if !yield(<-c) {
				return
			}
		}
	}
}

// conclude writes the files that were asked for, and finds out whether all is well.
func (f *testFlags) conclude(report *luatest.Report, files []*luatest.File, coverage *guard.Coverage, out io.Writer) error {
	var errs []error
	if f.junit != "" {
		errs = append(errs, writeTo(f.junit, func(w io.Writer) error { return luatest.WriteJUnit(w, files) }))
	}
	if coverage != nil {
		covered := coverage.Files()
		luatest.WriteCoverage(out, covered)
		if f.coverHTML != "" {
			errs = append(errs, writeTo(f.coverHTML, func(w io.Writer) error { return luatest.WriteCoverageHTML(w, covered) }))
		}
		if got := luatest.Covered(covered); got < f.coverMin.value {
			errs = append(errs, fmt.Errorf("%.1f %% of the lines ran, less than %s (--cover-min)", got, &f.coverMin))
		}
	}
	if report.Empty() {
		errs = append(errs, fmt.Errorf("no case ran: none has a name that matches --filter %q", f.filter))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if report.Failed() {
		return errReported
	}
	return nil
}

func writeTo(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// only chooses cases by --filter.
func (f *testFlags) only() func(name string) bool {
	if f.filter == "" {
		return nil
	}
	pattern, err := regexp.Compile(f.filter)
	return func(name string) bool {
		return strings.Contains(name, f.filter) || err == nil && pattern.MatchString(name)
	}
}

// testFiles are the files that were named; a folder stands for the tests in it.
func testFiles(named []string) ([]string, error) {
	var paths []string
	for _, name := range named {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			paths = append(paths, name)
			continue
		}
		found, err := filepath.Glob(filepath.Join(escapeGlob(name), "*_test.lua"))
		if err != nil {
			return nil, fmt.Errorf("look for tests in %s: %w", name, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no test in %s: its name ends with _test.lua", name)
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// escapeGlob makes a path a pattern that matches only itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// runAlways runs the tests again whenever something that they use has changed, until it is interrupted.
func (f *testFlags) runAlways(named []string, out, errOut io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal does not wait for the case that is running
	watcher := engine.NewWatcher(slog.New(newLogHandler(errOut, "text", "warn")), engine.WatchTimes{})
	defer watcher.Close()
	for {
		files, counts, err := f.runOnce(ctx, named, out)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, errReported) {
			fmt.Fprintf(errOut, "luamilter: %s\n", err)
		}
		watcher.Watch(usedFiles(files))
		fmt.Fprintf(errOut, "luamilter: %s; waiting for a change\n", counts)
		select {
		case <-watcher.Changed():
		case <-ctx.Done():
			return nil
		}
	}
}

// usedFiles are all that the tests depend on, each once.
func usedFiles(files []*luatest.File) []luabind.File {
	known := map[string]bool{}
	var all []luabind.File
	for _, f := range files {
		for _, used := range f.Used {
			if !known[used.Path] {
				known[used.Path] = true
				all = append(all, used)
			}
		}
	}
	slices.SortFunc(all, func(a, b luabind.File) int { return strings.Compare(a.Path, b.Path) })
	return all
}

const testHelp = `Runs tests that are written in Lua, without an MTA: NAME_test.lua tests NAME.lua beside it. Each case
puts mails through the filter, in the milter protocol, and looks at what comes of them.

Usage:
  luamilter test [NAME_test.lua ...] [flags]

A folder stands for the tests in it; without an argument, the tests of this folder are run. With
--script, all of them test these scripts. docs/testing.md describes what a test may call.

With --miltertest, a script of OpenDKIM's miltertest is run in their place: against the filter of
--script in this process, against the milter of --socket, or, with neither, against the one that the
script starts and connects to. docs/miltertest.md has the details.

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine; 1 a case fails, a file can't be run, there is no case, or too little is covered;
2 wrong usage.
`
