package luatest

import (
	"fmt"
	"html/template"
	"io"
	"strings"

	"luamilter/luabind/guard"
)

// Covered is how many lines of the files ran, in percent.
func Covered(files []guard.FileCoverage) float64 {
	ran, all := 0, 0
	for i := range files {
		r, a := files[i].Covered()
		ran, all = ran+r, all+a
	}
	return percent(ran, all)
}

func percent(ran, all int) float64 {
	if all == 0 {
		return 100
	}
	return 100 * float64(ran) / float64(all)
}

// WriteCoverage prints which lines of the files did not run.
func WriteCoverage(w io.Writer, files []guard.FileCoverage) {
	width := 0
	for _, f := range files {
		width = max(width, len(printable(f.Name)))
	}
	fmt.Fprintf(w, "coverage: %.1f %% of lines\n", Covered(files))
	for i := range files {
		f := &files[i]
		ran, all := f.Covered()
		missed := missedLines(f.Lines)
		if all == 0 {
			missed = "can't be counted: it has no room for more"
		} else if missed != "" {
			missed = "not run: " + missed
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-*s  %5.1f %%  %3d of %3d  %s", width, printable(f.Name),
			percent(ran, all), ran, all, missed), " "))
	}
}

// missedLines are the lines that did not run, as 3, 5-8: lines between two of them that can't run do not split a range. A line
// of which a part did not run has a + behind it.
func missedLines(lines []guard.LineCoverage) string {
	var parts []string
	for i := 0; i < len(lines); i++ {
		first := lines[i].Line
		switch {
		case lines[i].Part:
			parts = append(parts, fmt.Sprintf("%d+", first))
		case lines[i].Count == 0:
			for i+1 < len(lines) && lines[i+1].Count == 0 {
				i++
			}
			if last := lines[i].Line; last > first {
				parts = append(parts, fmt.Sprintf("%d-%d", first, last))
			} else {
				parts = append(parts, fmt.Sprint(first))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// htmlFile is a file as the page shows it.
type htmlFile struct {
	Name     string
	Percent  string
	Ran, All int
	Lines    []htmlLine
}

type htmlLine struct {
	Number int
	Count  string
	Class  string // ran, part, missed, or "" where nothing can run
	Text   string
}

// WriteCoverageHTML writes a page with the source of the files.
func WriteCoverageHTML(w io.Writer, files []guard.FileCoverage) error {
	var shown []htmlFile
	for i := range files {
		shown = append(shown, htmlOf(&files[i]))
	}
	err := page.Execute(w, struct {
		Percent string
		Files   []htmlFile
	}{fmt.Sprintf("%.1f", Covered(files)), shown})
	if err != nil {
		return fmt.Errorf("write coverage: %w", err)
	}
	return nil
}

func htmlOf(f *guard.FileCoverage) htmlFile {
	ran, all := f.Covered()
	shown := htmlFile{Name: f.Name, Percent: fmt.Sprintf("%.1f", percent(ran, all)), Ran: ran, All: all}
	for i, text := range strings.Split(strings.TrimSuffix(string(f.Source), "\n"), "\n") {
		shown.Lines = append(shown.Lines, htmlLine{Number: i + 1, Text: strings.TrimSuffix(text, "\r")})
	}
	for _, l := range f.Lines {
		if l.Line < 1 || l.Line > len(shown.Lines) {
			continue
		}
		line := &shown.Lines[l.Line-1]
		line.Count = fmt.Sprint(l.Count)
		switch {
		case l.Part:
			line.Class = "part"
		case l.Count > 0:
			line.Class = "ran"
		default:
			line.Class = "missed"
		}
	}
	return shown
}

var page = template.Must(template.New("coverage").Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Coverage: {{.Percent}} %</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse; font-family: monospace; white-space: pre; tab-size: 2 }
td { padding: 0 .6em } td.n, td.c { text-align: right; color: #888 }
tr.ran td.t { background: #e3f6e3 } tr.part td.t { background: #fdf3cf } tr.missed td.t { background: #fbdcdc }
</style>
<h1>Coverage: {{.Percent}} % of lines</h1>
<ul>{{range $i, $f := .Files}}
<li><a href="#f{{$i}}">{{$f.Name}}</a> {{$f.Percent}} % ({{$f.Ran}} of {{$f.All}}){{end}}
</ul>
<p>Green lines ran, with how often; red ones did not; of yellow ones a part did not.</p>
{{range $i, $f := .Files}}<h2 id="f{{$i}}">{{$f.Name}}</h2>
<table>{{range $f.Lines}}
<tr{{if .Class}} class="{{.Class}}"{{end}}><td class="n">{{.Number}}</td><td class="c">{{.Count}}</td><td class="t">{{.Text}}</td></tr>{{end}}
</table>
{{end}}</html>
`))
