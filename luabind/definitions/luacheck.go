package definitions

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// LuacheckConfig is a configuration of luacheck that knows what a filter may define and read, and no more: what luamilter has
// not of Lua 5.1 is an error. more is put behind it.
func (s *Set) LuacheckConfig(more string) string {
	var b strings.Builder
	b.WriteString("-- What a filter sees: callbacks are globals that it sets, the rest it reads. Made of luamilter.d.lua.\n")
	b.WriteString("stds.luamilter = {\n  globals = {\n")
	var callbacks []string
	for _, f := range s.Callbacks() {
		callbacks = append(callbacks, f.Name)
	}
	writeNames(&b, "    ", callbacks)
	b.WriteString("  },\n  read_globals = {\n")
	var functions []string
	tables := map[string][]string{}
	for _, name := range s.Names() {
		table, member, isMember := strings.Cut(name, ".")
		switch {
		case isMember:
			tables[table] = append(tables[table], member)
		case s.Function(name) != nil || standard[name] == nil && !s.isTable(name):
			functions = append(functions, name)
		}
	}
	writeNames(&b, "    ", functions)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		s.writeTable(&b, name, tables[name])
	}
	b.WriteString("  },\n}\nstd = \"luamilter\"\n")
	return b.String() + more
}

// isTable says whether a global has fields that are known.
func (s *Set) isTable(name string) bool {
	for _, g := range s.Globals {
		if g.Name == name {
			return s.Class(g.Type) != nil
		}
	}
	return false
}

// writeTable writes a table that a filter reads; conn and msg take fields of its own too.
func (s *Set) writeTable(b *strings.Builder, name string, members []string) {
	own := slices.ContainsFunc(s.Globals, func(g Global) bool {
		c := s.Class(g.Type)
		return g.Name == name && c != nil && slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Name == AnyName })
	})
	if own {
		fmt.Fprintf(b, "    %s = { other_fields = true, read_only = false },\n", name)
		return
	}
	fmt.Fprintf(b, "    %s = {\n      fields = {\n", name)
	writeNames(b, "        ", members)
	b.WriteString("      },\n    },\n")
}

// writeNames writes names as Lua strings in lines of at most 100 columns.
func writeNames(b *strings.Builder, indent string, names []string) {
	line := indent
	for _, name := range names {
		word := fmt.Sprintf("%q, ", name)
		if len(line)+len(word) > 100 {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
