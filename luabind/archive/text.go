package archive

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decode gives a name as UTF-8. Programs that write UTF-8 without saying so are common, and text of an old code page
// is hardly ever valid UTF-8: so UTF-8 comes first, whatever the archive claims.
func decode(raw []byte, other *charmap.Charmap) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	if len(raw) > 2*mostName {
		raw = slices.Concat(raw[:mostName], raw[len(raw)-mostName:]) // shorten drops what is between
	}
	if other != nil {
		if text, err := other.NewDecoder().Bytes(raw); err == nil {
			return string(text)
		}
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}

// untilNUL is the name that a program sees which ends names at a NUL.
func untilNUL(raw []byte) []byte {
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return raw[:i]
	}
	return raw
}

// shorten keeps both ends of a path that is too long: the last name in it decides what the file is.
func shorten(path string) string {
	if len(path) <= mostName {
		return path
	}
	const gap = "..."
	begin, end := path[:mostName/4], path[len(path)-(mostName-mostName/4-len(gap)):]
	return strings.ToValidUTF8(begin, "") + gap + strings.ToValidUTF8(end, "")
}

// baseName is the last part of a path.
func baseName(path string) string {
	return path[strings.LastIndexAny(path, "/\\")+1:]
}
