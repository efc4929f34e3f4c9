package header

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// longestCharset is longer than any registered name (RFC 2978 2.3 asks for 40 at most).
const longestCharset = 64

// ToUTF8 turns data in a charset into valid UTF-8; NUL stays. Bytes that the charset does not have become U+FFFD. For
// a charset that is not known, UTF-7 among them, ok is false, and data is read as UTF-8 if it is that, otherwise as
// windows-1252. An empty name is us-ascii (RFC 2045 5.2), where 8-bit data is read in the same way. The names are those
// of the WHATWG and of IANA, in any case, also in quotes; as in mail clients, iso-8859-1 is windows-1252 and gb2312 is
// gbk. The result has at most 4 bytes for each byte of data, and may be data itself.
func ToUTF8(charset string, data []byte) (text []byte, ok bool) {
	name := charsetName(charset)
	if isASCII(name) {
		return guess(data), true
	}
	enc := findCharset(name, data)
	if enc == nil {
		return guess(data), false
	}
	if enc == unicode.UTF8 && utf8.Valid(data) {
		return data, true
	}
	text, err := enc.NewDecoder().Bytes(data)
	if err != nil || !utf8.Valid(text) {
		return guess(data), true
	}
	return text, true
}

// guess reads bytes that do not say what they are.
func guess(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	return text
}

// guessString is guess; ok is false if s was not UTF-8.
func guessString(s string) (text string, ok bool) {
	if utf8.ValidString(s) {
		return s, true
	}
	return string(guess([]byte(s))), false
}

// charsetName is a name as the lists have it.
func charsetName(s string) string {
	s = strings.Trim(s, " \t\r\n\"'")
	if len(s) > longestCharset {
		s = s[:longestCharset]
	}
	return strings.ToLower(s)
}

func isASCII(name string) bool {
	switch name {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "us":
		return true
	}
	return false
}

// alias gives names that mail uses and neither list has.
func alias(name string) string {
	switch name {
	case "utf_8", "utf-8-strict", "unicode-utf-8", "cp65001", "utf8mb4":
		return "utf-8"
	case "cp936", "ms936", "windows-936", "euc-cn", "gb_2312":
		return "gbk"
	case "cp932", "ms932", "windows-932", "x-ms-cp932", "shift-jis", "cp943":
		return "shift_jis"
	case "cp949", "ms949", "uhc", "x-windows-949":
		return "euc-kr"
	case "cp950", "ms950", "windows-950":
		return "big5"
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "cp50222":
		return "iso-2022-jp"
	case "8859_1", "iso-latin-1", "latin-1", "iso8859_1":
		return "iso-8859-1"
	}
	for _, prefix := range []string{"win-", "win", "cp-", "ansi-"} {
		if number, ok := strings.CutPrefix(name, prefix); ok && strings.HasPrefix(number, "125") {
			return "windows-" + number
		}
	}
	return name
}

// findCharset gives nil for a charset that is not known. The data is asked only for what UTF-16 leaves open.
func findCharset(name string, data []byte) encoding.Encoding {
	name = alias(name)
	switch name {
	case "utf-16", "utf16", "unicode", "ucs-2", "iso-10646-ucs-2", "csunicode":
		return unicode.UTF16(byteOrder(data), unicode.UseBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf-32", "utf-32be", "ucs-4", "iso-10646-ucs-4":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312 // the WHATWG gives it up, and then nothing of the text is left
	}
	if enc, err := htmlindex.Get(name); err == nil && enc != encoding.Replacement {
		return enc
	}
	if enc, err := ianaindex.IANA.Encoding(name); err == nil && enc != nil && enc != encoding.Replacement {
		return enc
	}
	return nil
}

// byteOrder guesses the order of UTF-16 without a mark: RFC 2781 4.3 says big-endian, what Windows programs send is
// little-endian. The zero bytes of spaces and Latin letters tell.
func byteOrder(data []byte) unicode.Endianness {
	even, odd := 0, 0
	for i, b := range data[:min(len(data), 4096)] {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	if odd > even {
		return unicode.LittleEndian
	}
	return unicode.BigEndian
}
