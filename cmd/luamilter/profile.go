package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/pprof/profile"

	"luamilter/luabind/guard"
)

const (
	defaultProfile = 30 * time.Second
	// mostProfile is the longest profile, in seconds.
	mostProfile = 600
	// mostProfileLines bounds the table of lines.
	mostProfileLines = 500
)

// profile answers with the time per Lua line during ?seconds=30, as ?format=text or pprof.
func (a *admin) profile(w http.ResponseWriter, r *http.Request) {
	length, format, err := profileQuery(r.URL.Query().Get("seconds"), r.URL.Query().Get("format"))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, errorAnswer{err.Error()})
		return
	}
	p, err := guard.StartProfile()
	if err != nil {
		writeJSON(w, http.StatusConflict, errorAnswer{err.Error()})
		return
	}
	setDeadlines(w, time.Time{}, time.Time{})
	over := time.NewTimer(length)
	defer over.Stop()
	select {
	case <-over.C:
	case <-a.ended:
	case <-r.Context().Done(): // nobody waits for it
	}
	stacks, took := p.Stop()
	bound(w)
	if format == "pprof" {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="luamilter.pb.gz"`)
		_ = pprofOf(stacks, took, time.Now()).Write(w) // whoever asked may be gone
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	writeProfile(w, stacks, took)
}

func profileQuery(seconds, format string) (length time.Duration, _ string, err error) {
	length = defaultProfile
	if seconds != "" {
		n, err := strconv.Atoi(seconds)
		if err != nil || n < 1 || n > mostProfile {
			return 0, "", fmt.Errorf("seconds=%.40q is no number from 1 to %d", seconds, mostProfile)
		}
		length = time.Duration(n) * time.Second
	}
	switch format {
	case "":
		format = "text"
	case "text", "pprof":
	default:
		return 0, "", fmt.Errorf("format=%.40q is neither text nor pprof", format)
	}
	return length, format, nil
}

// lineTime is the time that a line takes: flat by itself, cumulative with what it calls.
type lineTime struct {
	frame            guard.Frame
	flat, cumulative time.Duration
}

// sumLines adds up the stacks by line. A line that is on a stack several times counts once.
func sumLines(stacks []guard.Stack) (lines []*lineTime, total time.Duration) {
	type place struct {
		file string
		line int
	}
	byPlace := map[place]*lineTime{}
	for _, s := range stacks {
		total += s.Time
		seen := map[*lineTime]bool{}
		for i, f := range s.Frames {
			at := place{f.File, f.Line}
			l := byPlace[at]
			if l == nil {
				l = &lineTime{frame: f}
				byPlace[at] = l
				lines = append(lines, l)
			}
			if i == 0 {
				l.flat += s.Time
			}
			if !seen[l] {
				seen[l] = true
				l.cumulative += s.Time
			}
		}
	}
	slices.SortFunc(lines, func(a, b *lineTime) int {
		return cmp.Or(cmp.Compare(b.flat, a.flat), cmp.Compare(b.cumulative, a.cumulative),
			strings.Compare(a.frame.File, b.frame.File), cmp.Compare(a.frame.Line, b.frame.Line))
	})
	return lines, total
}

// writeProfile prints the lines that take time, those that take most first, with what stands on them.
func writeProfile(out io.Writer, stacks []guard.Stack, took time.Duration) {
	lines, total := sumLines(stacks)
	fmt.Fprintf(out, "%s in Lua callbacks during %s; wall time of all Lua states together, a sample each %s\n",
		total, took.Round(time.Millisecond), guard.ProfilePeriod)
	if total == 0 {
		fmt.Fprintln(out, "no Lua was seen to run: each callback took less than a sample, or none ran")
		return
	}
	fmt.Fprintln(out, "flat: on the line itself and in the Go functions that it calls; cum: also in the Lua functions that it calls")
	sources := sourceFiles{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "flat\tflat%%\tcum\tcum%%\tline\tfunction\tsource\n")
	for _, l := range lines[:min(len(lines), mostProfileLines)] {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.flat, percent(l.flat, total), l.cumulative, percent(l.cumulative, total),
			printable(l.frame.File+":"+strconv.Itoa(l.frame.Line)), printable(functionName(l.frame)),
			printable(sources.line(l.frame.File, l.frame.Line)))
	}
	_ = table.Flush() // whoever asked may be gone
	if left := len(lines) - mostProfileLines; left > 0 {
		fmt.Fprintf(out, "and %d more lines\n", left)
	}
}

func percent(part, all time.Duration) string {
	return strconv.FormatFloat(100*float64(part)/float64(all), 'f', 1, 64) + "%"
}

// functionName is what a function is called, or where it is defined.
func functionName(f guard.Frame) string {
	switch {
	case f.Function != "":
		return f.Function
	case f.Defined == 0:
		return "(the file)"
	}
	return "(function of line " + strconv.Itoa(f.Defined) + ")"
}

// sourceFiles are the lines of the files that could be read. They may be newer than what was profiled.
type sourceFiles map[string][]string

// mostSourceFile is more than a script may have.
const mostSourceFile = 4 << 20

func (s sourceFiles) line(file string, n int) string {
	lines, known := s[file]
	if !known {
		lines = readLines(file)
		s[file] = lines
	}
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(lines[n-1], "\t", " "))
}

func readLines(file string) []string {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostSourceFile {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// pprofOf is the profile for go tool pprof and all that reads its format.
func pprofOf(stacks []guard.Stack, took time.Duration, end time.Time) *profile.Profile {
	p := &profile.Profile{
		SampleType:    []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "wall", Unit: "nanoseconds"}},
		PeriodType:    &profile.ValueType{Type: "wall", Unit: "nanoseconds"},
		Period:        int64(guard.ProfilePeriod),
		TimeNanos:     end.Add(-took).UnixNano(),
		DurationNanos: int64(took),
	}
	functions := map[guard.Frame]*profile.Function{}
	locations := map[guard.Frame]*profile.Location{}
	location := func(f guard.Frame) *profile.Location {
		if l := locations[f]; l != nil {
			return l
		}
		key := guard.Frame{File: f.File, Function: f.Function, Defined: f.Defined}
		fn := functions[key]
		if fn == nil {
			fn = &profile.Function{ID: uint64(len(functions) + 1), Name: functionName(f), SystemName: functionName(f), Filename: f.File,
				StartLine: int64(f.Defined)}
			functions[key] = fn
			p.Function = append(p.Function, fn)
		}
		l := &profile.Location{ID: uint64(len(locations) + 1), Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}}
		locations[f] = l
		p.Location = append(p.Location, l)
		return l
	}
	for _, s := range stacks {
		sample := &profile.Sample{Value: []int64{int64(s.Samples), int64(s.Time)}}
		for _, f := range s.Frames {
			sample.Location = append(sample.Location, location(f))
		}
		if len(s.Frames) == 0 {
			sample.Location = append(sample.Location, location(guard.Frame{Function: "(more stacks than are kept)"}))
		}
		p.Sample = append(p.Sample, sample)
	}
	return p
}
