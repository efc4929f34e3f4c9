package header

import (
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"ASCII stays", "Hello, (world) \"x\"", "Hello, (world) \"x\""},
		{"only the word that needs it", "a Königsberg b", "a =?utf-8?q?K=C3=B6nigsberg?= b"},
		{"neighbours go together with their space", "a ö ü b", "a =?utf-8?b?w7Ygw7w=?= b"},
		{"white space at the ends stays", "  ö ", "  =?utf-8?b?w7Y=?= "},
		{"what looks like an encoded word", "see =?utf-8?q?x?=", "see =?utf-8?b?PT91dGYtOD9xP3g/PQ==?="},
		{"line breaks", "a\r\nBcc: x", "=?utf-8?b?YQ0KQmNjOg==?= x"},
		{"not UTF-8", "caf\xe9", "=?utf-8?b?Y2Fmw6k=?="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Encode(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEncodePhrase(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"atoms", "Bob Smith", "Bob Smith"},
		{"nothing", "", ""},
		{"a dot needs quotes", "Bob Q. Smith", `"Bob Q. Smith"`},
		{"what needs a backslash", `a"b\c`, `"a\"b\\c"`},
		{"two spaces", "a  b", `"a  b"`},
		{"a comma beside an umlaut is encoded too", "Königsberg, x@y", "=?utf-8?q?K=C3=B6nigsberg=2C_x=40y?="},
		{"line breaks", "a\nb", "=?utf-8?b?YQpi?="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := EncodePhrase(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEncodedWordsAreShortAndWhole(t *testing.T) {
	text := strings.Repeat("日本語ö😀a", 100)
	for _, w := range strings.Fields(Encode(text)) {
		part, defects := Decode(w)
		if len(w) > 75 || len(defects) > 0 || !strings.Contains(text, part) {
			t.Errorf("%q: %d bytes, %q: want at most 75, whole characters", w, len(w), defects)
		}
	}
}

func TestFold(t *testing.T) {
	long := strings.Repeat("x", 100)
	tests := []struct{ name, field, value, want string }{
		{"a short line stays", "Subject", "hello", "hello"},
		{"old folds go", "Subject", "a\r\n b\n\tc", "a b\tc"},
		{"before the white space of the word that is too much", "Subject",
			strings.Repeat("abcdefghi ", 8) + "end", strings.Repeat("abcdefghi ", 5) + "abcdefghi\n abcdefghi abcdefghi end"},
		{"a long word gets a line of its own", "X", "a " + long + " b", "a\n " + long + "\n b"},
		{"the first line is not left empty", "X", " " + long, " " + long},
		{"all white space goes to the next line", "X", long + "\t  b", long + "\n\t  b"},
		{"white space at the end is no line", "X", long + "   ", long + "   "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Fold(tt.field, tt.value)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if back := Unfold(got); back != Unfold(tt.value) {
				t.Errorf("unfolds to %q, want %q", back, Unfold(tt.value))
			}
		})
	}
}

func TestUnfold(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"CRLF, LF and CR before white space", "a\r\n b\n\tc\r d", "a b\tc d"},
		{"several line breaks before white space", "a\n\r\n b", "a b"},
		{"line breaks elsewhere stay", "a\nb\r\n", "a\nb\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Unfold(tt.value); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// checkLines is what Fold promises for text from Encode.
func checkLines(t *testing.T, name, folded string) {
	t.Helper()
	for i, line := range strings.Split(folded, "\n") {
		if i == 0 {
			line = name + ": " + line
		} else if strings.Trim(line, " \t") == "" {
			t.Errorf("%q has a line of white space", folded)
		}
		if len(line) > 998 && !strings.Contains(line, strings.Repeat(" ", 400)) {
			t.Errorf("%q has a line of %d bytes", folded, len(line))
		}
	}
}
