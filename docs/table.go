package docs

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

const (
	// columnGap is the space between two columns.
	columnGap = 2
	// leastLast is how narrow the last column may get before a table is written as a list.
	leastLast = 30
)

// table writes columns beside each other, the last one wrapped. If there is too little room for it, each row becomes its
// first cell, with the others below.
func (p *printer) table(n *extast.Table, width int, indent string) {
	rows, header := p.rows(n)
	widths := make([]int, len(rows[0]))
	for i, row := range rows {
		if i == 0 && !header {
			continue
		}
		for c, cell := range row {
			widths[c] = max(widths[c], len(cell))
		}
	}
	last := width - len(indent)
	for _, w := range widths[:len(widths)-1] {
		last -= w + columnGap
	}
	if !header {
		rows = rows[1:]
	}
	if last < min(leastLast, widths[len(widths)-1]) {
		if header {
			rows = rows[1:]
		}
		p.stacked(rows, width, indent)
		return
	}
	widths[len(widths)-1] = min(last, widths[len(widths)-1])
	for i, row := range rows {
		p.row(row, widths, indent)
		if header && i == 0 && !p.styled {
			p.rule(widths, indent)
		}
	}
}

// rows are the cells of a table, the header first; header says whether each of its columns has a name.
func (p *printer) rows(n *extast.Table) (rows [][]text, header bool) {
	header = true
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []text
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, p.inline(cell))
		}
		rows = append(rows, cells)
		if isHeader(row) {
			for c := range cells {
				header = header && len(cells[c]) > 0
				for g := range cells[c] {
					cells[c][g].bold = true
				}
			}
		}
	}
	return rows, header
}

func isHeader(row ast.Node) bool { return row.Kind() == extast.KindTableHeader }

func (p *printer) row(cells []text, widths []int, indent string) {
	last := len(cells) - 1
	var head strings.Builder
	head.WriteString(indent)
	for c, cell := range cells[:last] {
		head.WriteString(cell.render(p.styled) + strings.Repeat(" ", widths[c]-len(cell)+columnGap))
	}
	hang := len(indent)
	for _, w := range widths[:last] {
		hang += w + columnGap
	}
	lines := cells[last].wrap(widths[last])
	if len(lines) == 0 {
		p.out.WriteString(strings.TrimRight(head.String(), " ") + "\n")
	}
	p.lines(lines, head.String(), strings.Repeat(" ", hang))
}

func (p *printer) rule(widths []int, indent string) {
	parts := make([]string, len(widths))
	for i, w := range widths {
		parts[i] = strings.Repeat("-", w)
	}
	p.out.WriteString(indent + strings.Join(parts, strings.Repeat(" ", columnGap)) + "\n")
}

// stacked writes each row as its first cell, and the others below it.
func (p *printer) stacked(rows [][]text, width int, indent string) {
	const hang = "    "
	for _, row := range rows {
		p.lines(row[0].wrap(width-len(indent)), indent, indent+hang)
		for _, cell := range row[1:] {
			p.lines(cell.wrap(width-len(indent+hang)), indent+hang, indent+hang)
		}
	}
}
