package docs

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// Render gives Markdown as text for a terminal of so many columns. With styled, headings, strong text and code are bold;
// otherwise headings are underlined and code keeps its backticks.
func Render(markdown string, width int, styled bool) string {
	source := []byte(markdown)
	tree := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(gmtext.NewReader(source))
	p := &printer{source: source, styled: styled}
	p.blocks(tree, width, "")
	return p.out.String()
}

// printer writes blocks one after the other, with an empty line between.
type printer struct {
	source []byte
	styled bool
	out    strings.Builder
}

func (p *printer) blocks(parent ast.Node, width int, indent string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindHTMLBlock {
			continue // a comment
		}
		if p.out.Len() > 0 && n.PreviousSibling() != nil {
			p.gap(parent)
		}
		p.block(n, width, indent)
	}
}

// gap is an empty line, but not between the points of a list that has none in its source.
func (p *printer) gap(parent ast.Node) {
	if list, ok := parent.(*ast.List); ok && list.IsTight {
		return
	}
	p.out.WriteString("\n")
}

func (p *printer) block(n ast.Node, width int, indent string) {
	switch n := n.(type) {
	case *ast.Heading:
		p.heading(n, indent)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		p.code(n, indent)
	case *ast.List:
		p.blocks(n, width, indent)
	case *ast.ListItem:
		p.item(n, width, indent)
	case *extast.Table:
		p.table(n, width, indent)
	default:
		p.lines(p.inline(n).wrap(width-len(indent)), indent, indent)
	}
}

// lines writes lines, the first behind one indent, the others behind another.
func (p *printer) lines(lines []text, first, rest string) {
	for _, line := range lines {
		p.out.WriteString(first + line.render(p.styled) + "\n")
		first = rest
	}
}

func (p *printer) heading(n *ast.Heading, indent string) {
	title := p.inline(n)
	for i := range title {
		title[i].bold = true
	}
	p.lines([]text{title}, indent, indent)
	if !p.styled && n.Level <= 2 {
		p.out.WriteString(indent + strings.Repeat("=-"[n.Level-1:n.Level], len(title)) + "\n")
	}
}

func (p *printer) code(n ast.Node, indent string) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		p.out.WriteString(strings.TrimRight(indent+"    "+string(line.Value(p.source)), " \n") + "\n")
	}
}

func (p *printer) item(n *ast.ListItem, width int, indent string) {
	const mark, hang = "  - ", "    "
	if first := n.FirstChild(); first != nil {
		p.lines(p.inline(first).wrap(width-len(indent+mark)), indent+mark, indent+hang)
		for next := first.NextSibling(); next != nil; next = next.NextSibling() {
			p.block(next, width, indent+hang)
		}
	}
}

// inline is the text in a block. A link to another page is its text alone.
func (p *printer) inline(block ast.Node) (t text) {
	bold, code := 0, false
	// The walker gives no error of its own.
	_ = ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		step := -1
		if entering {
			step = 1
		}
		switch n := n.(type) {
		case *ast.Emphasis:
			bold += step
		case *ast.CodeSpan:
			code = entering
			if p.styled {
				bold += step
			} else {
				t.add("`", bold > 0)
			}
		case *ast.Text:
			if entering {
				value := string(n.Value(p.source))
				if !code {
					value = unescape(value)
				}
				t.add(value, bold > 0)
				if n.SoftLineBreak() || n.HardLineBreak() {
					t.add(" ", false)
				}
			}
		case *ast.String:
			if entering {
				t.add(string(n.Value), bold > 0)
			}
		case *ast.RawHTML:
			if entering {
				t.add(string(n.Segments.Value(p.source)), bold > 0)
			}
		case *ast.AutoLink:
			if entering {
				t.add(string(n.Label(p.source)), bold > 0)
			}
		case *ast.Link:
			if url := string(n.Destination); !entering && strings.HasPrefix(url, "http") {
				t.add(" ("+url+")", false)
			}
		}
		return ast.WalkContinue, nil
	})
	return t
}

// unescape takes the backslashes away that Markdown needs.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\`*_{}[]()#+-.!|<>", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
