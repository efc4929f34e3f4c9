package luatest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The elements of a JUnit report, as CI systems read it.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the files as a JUnit report. A file that could not be run is a case with an error.
func WriteJUnit(w io.Writer, files []*File) error {
	var all junitSuites
	var took time.Duration
	for _, f := range files {
		s := f.junit()
		all.Suites = append(all.Suites, s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		took += f.Took
	}
	all.Time = seconds(took)
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode JUnit report: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}

func (f *File) junit() junitSuite {
	s := junitSuite{Name: f.Path, Time: seconds(f.Took)}
	if f.Problem != "" {
		s.Errors++
		s.Cases = append(s.Cases, junitCase{Class: f.Path, Name: f.Path, File: f.Path, Time: seconds(f.Took),
			Error: &junitFailure{firstLine(f.Problem), f.Problem}})
	}
	for i := range f.Cases {
		c := f.Cases[i].junit(f.Path)
		if c.Failure != nil {
			s.Failures++
		}
		s.Cases = append(s.Cases, c)
	}
	s.Tests = len(s.Cases)
	return s
}

func (c *Case) junit(path string) junitCase {
	j := junitCase{Class: path, Name: c.Name, File: path, Line: c.Line, Time: seconds(c.Took)}
	var text, out strings.Builder
	for _, f := range c.Failures {
		text.WriteString(f.text(""))
	}
	for _, l := range c.Log {
		out.WriteString(l.String() + "\n")
	}
	j.Out = out.String()
	if len(c.Failures) > 0 {
		j.Failure = &junitFailure{firstLine(c.Failures[0].Text), text.String()}
	}
	return j
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
