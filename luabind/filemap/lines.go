package filemap

import (
	"bytes"
	"fmt"
	"strings"
)

const blank = " \t"

// logicalLines calls each with the lines of a table as Postfix reads it (postmap, "INPUT FILE FORMAT"): a line that begins
// with white space goes on with the line before; empty lines and those whose first other character is # are left out, and
// do not end a line that goes on. The errors, also those of each, name file and line.
func logicalLines(path string, data []byte, each func(line string) error) error {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var parts []string // of the line that may go on
	first := 0
	flush := func() error {
		if parts == nil {
			return nil
		}
		line := strings.TrimRight(strings.Join(parts, ""), blank)
		parts = nil
		if err := each(line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, first, err)
		}
		return nil
	}
	for number := 1; len(data) > 0; number++ {
		var raw []byte
		raw, data, _ = bytes.Cut(data, []byte("\n"))
		line := strings.TrimSuffix(string(raw), "\r")
		text := strings.TrimLeft(line, blank)
		switch {
		case text == "" || text[0] == '#':
			continue
		case len(text) == len(line):
			if err := flush(); err != nil {
				return err
			}
			first = number
		case parts == nil:
			return fmt.Errorf("%s:%d: %.80q begins with white space and goes on with no line", path, number, line)
		}
		parts = append(parts, line)
	}
	return flush()
}

// splitKey takes a line apart into key and value, at white space or the separator. The key may be quoted, in whole or in
// part: within double quotes a backslash takes the next byte as it is.
func splitKey(line, separator string) (key, value string, err error) {
	var b strings.Builder
	quoted := false
	i := 0
scan:
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"':
			quoted = !quoted
			continue
		case quoted && c == '\\' && i+1 < len(line):
			i++
			c = line[i]
		case quoted:
		case separator == "" && strings.IndexByte(blank, c) >= 0, separator != "" && strings.HasPrefix(line[i:], separator):
			break scan
		}
		b.WriteByte(c)
	}
	if quoted {
		return "", "", fmt.Errorf("%.80q: the quote does not end", line)
	}
	key, rest := b.String(), line[i:]
	if separator != "" {
		if rest == "" {
			return "", "", fmt.Errorf("%.80q: no %q after the key", line, separator)
		}
		key, rest = strings.TrimRight(key, blank), rest[len(separator):]
	}
	return key, strings.TrimLeft(rest, blank), nil
}
