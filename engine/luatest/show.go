package luatest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	lua "github.com/yuin/gopher-lua"
)

const (
	// mostShown bounds what is shown of one value, in bytes.
	mostShown = 4 << 10
	// mostLevels and mostEntries bound what is shown of a table.
	mostLevels  = 20
	mostEntries = 1000
	// shortText is what stands on one line.
	shortText = 72
	// mostDiffed is the longest text that is compared line by line, mostDiff the longest result, both in bytes.
	mostDiffed = 64 << 10
	mostDiff   = 8 << 10
)

// same says whether two values are equal, tables by what is in them.
func same(a, b lua.LValue) bool { return comparison{}.same(a, b) }

// comparison are the pairs of tables that are taken for equal while what is in them is compared.
type comparison map[[2]*lua.LTable]bool

func (c comparison) same(a, b lua.LValue) bool {
	x, ok := a.(*lua.LTable)
	y, both := b.(*lua.LTable)
	if !ok || !both || x == y || c[[2]*lua.LTable{x, y}] {
		return ok && both || a == b
	}
	c[[2]*lua.LTable{x, y}] = true
	equal, entries := true, 0
	x.ForEach(func(k, v lua.LValue) {
		entries++
		equal = equal && c.same(v, y.RawGet(k))
	})
	y.ForEach(func(_, _ lua.LValue) { entries-- })
	return equal && entries == 0
}

// difference shows two values that differ: line by line, if they are long texts or tables.
func difference(got, want lua.LValue) string {
	x, isText := got.(lua.LString)
	y, bothTexts := want.(lua.LString)
	if isText && bothTexts && long(string(x)) && long(string(y)) {
		return textDifference(string(x), string(y))
	}
	_, isTable := got.(*lua.LTable)
	_, bothTables := want.(*lua.LTable)
	if isTable && bothTables {
		x, y := lines(got), lines(want)
		if x == y {
			return "got and want look the same, but are not: " + shorten(strings.ReplaceAll(x, "\n", " "))
		}
		if long(x) || long(y) {
			return textDifference(x+"\n", y+"\n")
		}
	}
	return "got:  " + show(got) + "\nwant: " + show(want)
}

func long(s string) bool {
	return len(s) > shortText || strings.Contains(strings.TrimSuffix(s, "\n"), "\n")
}

// textDifference is a diff of texts of several lines, or what is around the first byte that differs.
func textDifference(got, want string) string {
	several := strings.Contains(got, "\n") || strings.Contains(want, "\n")
	if several && len(got) <= mostDiffed && len(want) <= mostDiffed {
		if d := udiff.Unified("want", "got", want, got); visible(d) {
			return strings.TrimRight(cut(printable(d), mostDiff), "\n")
		}
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("they differ from byte %d on\ngot:  %s\nwant: %s", at+1, around(got, at), around(want, at))
}

// visible says that a diff shows what is different, and not only how the last line ends.
func visible(diff string) bool { return diff != "" && !strings.Contains(diff, `\ No newline`) }

// around is a text near a byte.
func around(s string, at int) string {
	from, to := max(at-shortText/2, 0), min(at+shortText/2, len(s))
	text := strconv.Quote(s[from:to])
	if from > 0 {
		text = "..." + text
	}
	if to < len(s) {
		text += "..."
	}
	return text
}

// show is a value on as few lines as it takes.
func show(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return cut(strconv.Quote(string(s[:min(len(s), mostShown)])), mostShown) + more(len(s)-mostShown)
	}
	return cut(lines(v), mostShown)
}

func more(bytes int) string {
	if bytes <= 0 {
		return ""
	}
	return fmt.Sprintf("... (%d bytes more)", bytes)
}

// lines is a value in Lua: a table that does not fit on a line with an entry on each.
func lines(v lua.LValue) string {
	w := writer{entries: mostEntries, open: map[*lua.LTable]bool{}}
	return w.value(v, "", 0)
}

// writer writes a value as long as it may.
type writer struct {
	entries int
	open    map[*lua.LTable]bool // that are being written: one of them in itself is not written again
}

func (w *writer) value(v lua.LValue, indent string, level int) string {
	switch v := v.(type) {
	case lua.LString:
		return strconv.Quote(string(v))
	case *lua.LTable:
		return w.table(v, indent, level)
	}
	return v.String()
}

func (w *writer) table(t *lua.LTable, indent string, level int) string {
	if level == mostLevels || w.open[t] {
		return "{...}"
	}
	w.open[t] = true
	defer delete(w.open, t)
	var listed, named []string
	n := t.Len()
	for i := 1; i <= n && w.left(); i++ {
		listed = append(listed, w.value(t.RawGetInt(i), indent+"  ", level+1))
	}
	t.ForEach(func(k, v lua.LValue) {
		if i, ok := k.(lua.LNumber); ok && i >= 1 && i <= lua.LNumber(n) && i == lua.LNumber(int(i)) || !w.left() {
			return
		}
		named = append(named, w.key(k)+" = "+w.value(v, indent+"  ", level+1))
	})
	slices.Sort(named)
	entries := append(listed, named...)
	if !w.left() {
		entries = append(entries, "...")
	}
	if len(entries) == 0 {
		return "{}"
	}
	if one := "{ " + strings.Join(entries, ", ") + " }"; !long(one) {
		return one
	}
	return "{\n" + indent + "  " + strings.Join(entries, ",\n"+indent+"  ") + ",\n" + indent + "}"
}

// left takes one of the entries that may still be written.
func (w *writer) left() bool {
	w.entries--
	return w.entries > 0
}

func (w *writer) key(k lua.LValue) string {
	if s, ok := k.(lua.LString); ok && isName(string(s)) {
		return string(s)
	}
	return "[" + w.value(k, "", mostLevels) + "]"
}

func isName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// cut keeps a text from filling the report.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + more(len(s)-most)
}

// shorten is a text in one line of a message.
func shorten(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// printable keeps what a mail or a filter says from giving orders to the terminal. Lines stay lines.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if (r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0) && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
