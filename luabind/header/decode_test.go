package header

import (
	"slices"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	const (
		glued    = "encoded word that white space does not set apart"
		padding  = "encoded word with wrong base64 padding"
		broken   = "encoded word with broken base64"
		open     = "encoded word without its end"
		spaces   = "white space inside an encoded word"
		bytes    = "encoded word with bytes that its charset does not have"
		raw      = "raw 8-bit text that is not UTF-8, read as windows-1252"
		nul      = "NUL in the text"
		linebrk  = "line break in the text"
		control  = "control character in the text"
		badHex   = "encoded word with a broken =XX"
		rawInner = "raw 8-bit text inside an encoded word"
	)
	tests := []struct {
		name, raw, want string
		defects         []string
	}{
		{"plain text stays", "Hello, world", "Hello, world", nil},
		{"nothing is nothing", "", "", nil},
		{"folding goes, its white space stays", "one\r\n two\n\tthree", "one two\tthree", nil},
		{"Q with an underscore and hex in either case", "=?iso-8859-1?Q?caf=E9_=e0?=", "café à", nil},
		{"B in lower case", "=?utf-8?b?w6k=?=", "é", nil},
		{"white space between words goes", "=?utf-8?q?a?=\n  =?utf-8?q?b?=", "ab", nil},
		{"white space beside text stays", "x  =?utf-8?q?a?=  y", "x  a  y", nil},
		{"a comment may touch its words", "(=?utf-8?q?a?= =?utf-8?q?b?=)", "(ab)", nil},
		{"a character broken in two", "=?utf-8?q?caf=C3?= =?UTF-8?B?qQ==?=", "café", nil},
		{"two charsets", "=?iso-8859-1?q?=E9?= =?koi8-r?b?8NI=?=", "éПр", nil},
		{"a language behind the charset", "=?us-ascii*en?Q?Keith?=", "Keith", nil},
		{"shifts within a word", "=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト", nil},
		{"UTF-8 that nobody encoded", "café", "café", nil},
		{"no padding", "=?utf-8?b?w6k?=", "é", []string{padding}},
		{"padding too short and touching the end", "=?utf-8?b?YQ=?=", "a", []string{padding}},
		{"base64 of an impossible length stays", "=?utf-8?b?YWFhY?=", "=?utf-8?b?YWFhY?=", []string{broken}},
		{"base64 with junk stays", "x =?utf-8?b?YW*h?= y", "x =?utf-8?b?YW*h?= y", []string{broken}},
		{"an unknown charset stays", "=?x-none?q?a?= =?utf-8?q?b?=", "=?x-none?q?a?= b", []string{`encoded word in the unknown charset "x-none"`}},
		{"UTF-7 is unknown", "=?utf-7?q?+AOk-?=", "=?utf-7?q?+AOk-?=", []string{`encoded word in the unknown charset "utf-7"`}},
		{"an encoding that is neither stays", "=?utf-8?x?YQ?=", "=?utf-8?x?YQ?=", nil},
		{"spaces inside Q", "=?utf-8?Q?a b?=", "a b", []string{spaces}},
		{"no end", "=?utf-8?Q?caf=C3=A9 au lait", "café au lait", []string{open}},
		{"no end before another word", "=?utf-8?Q?a =?utf-8?Q?b?=", "ab", []string{open}},
		{"half an end", "=?utf-8?Q?a? b", "a b", []string{open}},
		{"a start alone is text", "=?utf-8?Q?", "=?utf-8?Q?", nil},
		{"text that only begins like a word", "=?=?a?=?q?", "=?=?a?=?q?", nil},
		{"text in front", "a=?utf-8?q?b?=", "ab", []string{glued}},
		{"text behind", "=?utf-8?q?b?=c", "bc", []string{glued}},
		{"two words that touch", "=?utf-8?q?a?==?utf-8?q?b?=", "ab", []string{glued}},
		{"a word in quotes", `"=?utf-8?q?a?="`, `"a"`, []string{glued}},
		{"an equals sign that is no hex", "=?utf-8?q?a=zz=?=", "a=zz=", []string{badHex}},
		{"bytes that are not UTF-8 in a UTF-8 word", "=?utf-8?q?a=FFb?=", "a\uFFFDb", []string{bytes}},
		{"8-bit in a word of ASCII", "=?us-ascii?q?=E9?=", "é", []string{bytes}},
		{"8-bit that nobody encoded inside Q", "=?utf-8?q?\xc3\xa9?=", "é", []string{rawInner}},
		{"8-bit that is not UTF-8", "caf\xe9", "café", []string{raw}},
		{"NUL that someone encoded", "=?utf-8?q?boss=00?= x", "boss\x00 x", []string{nul}},
		{"NUL that nobody encoded", "a\x00b", "a\x00b", []string{nul}},
		{"a line break that someone encoded", "=?utf-8?q?a=0D=0ABcc:?=", "a\r\nBcc:", []string{linebrk}},
		{"a CR alone", "a\rb", "a\rb", []string{linebrk}},
		{"an escape character", "a\x1b[2Jb", "a\x1b[2Jb", []string{control}},
		{"text turned round", "exe.\u202egpj", "exe.\u202egpj", []string{"character that turns the direction of the text"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, defects := Decode(tt.raw)
			if got != tt.want || !slices.Equal(defects, tt.defects) {
				t.Errorf("got %q %q, want %q %q", got, defects, tt.want, tt.defects)
			}
		})
	}
}

// TestHostileInputIsBounded has inputs where going back, or looking for an end that is not there, would take hours.
func TestHostileInputIsBounded(t *testing.T) {
	const size = 1 << 19
	for _, unit := range []string{
		"=?", "=?a", "=?utf-8?q?", "=?utf-8?q?a ", "=?utf-8?q?a?=", "=?utf-8?b?a", "=?x?q?a?= ", "?=", "=?utf-8?q??=", "=", "\xff",
		"(", "((a)", ";", ";a=", ";a=\"", "a=\\\"", "a=b ", "a b ", "a=(b)", "a(b", "a*1=", "a*0*=x;", "\r\n ", "\n", " ", "a/ ",
		"=?utf-8?q?a?= =?gbk?q?b?= ", `";a="`, ";a=\"\\\";", "\x00", "(;", "=\xc3",
	} {
		in := strings.Repeat(unit, size/len(unit))
		text, defects := Decode(in)
		if len(text) > 3*len(in) || len(defects) > mostDefects {
			t.Errorf("%q repeated: decoded to %d bytes, %d defects", unit, len(text), len(defects))
		}
		main, params, defects := ParseParams("a; b=" + in)
		if len(params) > 4*mostParams || len(defects) > mostDefects {
			t.Errorf("%q repeated: %d parameters, %d defects", unit, len(params), len(defects))
		}
		ParseParams(in)
		FormatParams(main, params)
		if back, _ := Decode(Fold("Subject", Encode(text))); back != text {
			t.Errorf("%q repeated: changed by Encode and Decode", unit)
		}
		if _, err := ParseDate(in); err == nil {
			t.Errorf("%q repeated is a date", unit)
		}
	}
}
