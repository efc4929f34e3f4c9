package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// formats lists the ways to print.
func formats() []string { return []string{"text", "markdown", "benchstat"} }

// printer writes what was measured in one format.
type printer struct {
	out    io.Writer
	format string
}

// metric is a number with the unit that benchstat shows.
type metric struct {
	value float64
	unit  string
}

// benchmark prints a line as `go test -bench` does, in that format only. n is the number of messages.
func (p *printer) benchmark(name string, n int, metrics ...metric) {
	if p.format != "benchstat" {
		return
	}
	fmt.Fprintf(p.out, "Benchmark%s %d", strings.ToUpper(name[:1])+name[1:], n)
	for _, m := range metrics {
		fmt.Fprintf(p.out, " %.1f %s", m.value, m.unit)
	}
	fmt.Fprintln(p.out)
}

// table prints columns, the first to the left and the others to the right. In benchstat's format there are none.
func (p *printer) table(title string, header []string, lines [][]string) {
	if p.format == "benchstat" {
		return
	}
	fmt.Fprintf(p.out, "%s\n\n", title)
	widths := make([]int, len(header))
	for _, line := range append([][]string{header}, lines...) {
		for i, value := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(value))
		}
	}
	p.line(header, widths)
	if p.format == "markdown" {
		fmt.Fprintf(p.out, "|---%s|\n", strings.Repeat("|---:", len(header)-1))
	}
	for _, line := range lines {
		p.line(line, widths)
	}
	fmt.Fprintln(p.out)
}

func (p *printer) line(values []string, widths []int) {
	var cells []string
	for i, value := range values {
		if i == 0 {
			value = fmt.Sprintf("%-*s", widths[i], value)
		} else {
			value = fmt.Sprintf("%*s", widths[i], value)
		}
		cells = append(cells, value)
	}
	if p.format == "markdown" {
		fmt.Fprintf(p.out, "| %s |\n", strings.Join(cells, " | "))
		return
	}
	fmt.Fprintln(p.out, strings.Join(cells, "  "))
}

func micros(seconds float64) string { return fmt.Sprintf("%.0f", seconds*1e6) }

func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) }
