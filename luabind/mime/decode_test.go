package mime

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

func TestBase64(t *testing.T) {
	tests := []struct{ in, want, defect string }{
		{"", "", ""},
		{"dGV4dA==", "text", ""},
		{"dGV4\r\ndA==\r\n", "text", ""},
		{"dGV4dA", "text", defectBase64Short},
		{"dGV4dA=", "text", defectBase64Short},
		{"dGV4d", "tex", defectBase64Short},
		{"d-G.V*4\x00", "tex", defectBase64Junk},
		{"dA==dA==", "tt", defectBase64More},
		{"====", "", ""},
		{"dGV4=", "tex", ""},
	}
	for _, tt := range tests {
		var defects defects
		checkBase64([]byte(tt.in), func(what string) { defects.add(what, "") })
		if got := string(decodeBase64([]byte(tt.in))); got != tt.want || strings.Join(defects.list, "") != tt.defect {
			t.Errorf("%q: got %q, %q, want %q, %q", tt.in, got, defects.list, tt.want, tt.defect)
		}
	}
}

func TestQuotedPrintable(t *testing.T) {
	tests := []struct{ in, want, defect string }{
		{"", "", ""},
		{"a=3Db", "a=b", ""},
		{"a=3d=E4", "a=\xe4", ""},
		{"a=\r\nb=\nc", "abc", ""},
		{"a= \t\r\nb", "ab", ""},
		{"a \t\r\nb\t", "a\r\nb", ""},
		{"a=20\r\nb", "a \r\nb", ""},
		{"a=", "a", ""},
		{"a=4", "a=4", defectQuoted},
		{"a=XY=3D", "a=XY=", defectQuoted},
		{"==41", "=A", defectQuoted},
		{"a\rb=\rc", "a\rb=\rc", defectQuoted},
	}
	for _, tt := range tests {
		var defects defects
		checkQuoted([]byte(tt.in), func(what string) { defects.add(what, "") })
		if got := string(decodeQuoted([]byte(tt.in))); got != tt.want || strings.Join(defects.list, "") != tt.defect {
			t.Errorf("%q: got %q, %q, want %q, %q", tt.in, got, defects.list, tt.want, tt.defect)
		}
	}
}

func TestUUEncode(t *testing.T) {
	tests := []struct {
		in, want, name string
		right          bool
	}{
		{"begin 644 a b.txt\n%:&5L;&\\\n`\nend\n", "hello", "a b.txt", true},
		{"text before\r\nbegin 0644 x\r\n%:&5L;&\\\r\n \r\nend\r\n", "hello", "x", true},
		{"begin 644 x\n%:&5L;&\\\n", "hello", "x", false},
		{"begin 644 x\n#\nend\n", "\x00\x00\x00", "x", true},
		{"begin 644 x\nMMMMM\x7f\nend\n", "", "x", false},
		{"begin again\nbegin 644 x\nend\n", "", "x", true},
		{"no begin", "no begin", "", false},
	}
	for _, tt := range tests {
		_, right := uuDecode([]byte(tt.in))
		if got, name := string(decodeUU([]byte(tt.in))), uuName([]byte(tt.in)); tt.want != "" && got != tt.want || name != tt.name || right != tt.right {
			t.Errorf("%q: got %q, %q, %v, want %q, %q, %v", tt.in, got, name, right, tt.want, tt.name, tt.right)
		}
	}
}

// FuzzDecode holds decoders and encoders against those of the standard library.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "text", "a=3D=\r\n", "dGV4dA==", "--b\r\n.\r\nFrom x \r\n", "\x00\xff\r", strings.Repeat("x \xe4", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, eol := range []string{"\r\n", "\n"} {
			if got := decodeBase64(encodeBase64(data, eol)); !bytes.Equal(got, data) {
				t.Errorf("base64: got %q, want %q", got, data)
			}
			encoded := encodeQuoted(data, eol)
			want := withLineEnds(data, eol)
			if got := decodeQuoted(encoded); !bytes.Equal(got, want) {
				t.Errorf("quoted-printable %q: got %q, want %q", encoded, got, want)
			}
			std, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
			if err != nil || !bytes.Equal(std, want) {
				t.Errorf("quoted-printable %q: another reader gives %q, %v, want %q", encoded, std, err, want)
			}
			for line := range strings.Lines(string(encoded)) {
				if len(strings.TrimRight(line, "\r\n")) > 76 || strings.HasPrefix(line, "--") {
					t.Errorf("got line %q", line)
				}
			}
		}
		if want, err := base64.StdEncoding.DecodeString(string(data)); err == nil {
			if got := decodeBase64(data); !bytes.Equal(got, want) {
				t.Errorf("base64 %q: got %q, want %q", data, got, want)
			}
		}
		if got := decodeUU(data); len(got) > len(data) {
			t.Errorf("uuencode %q: got %d bytes", data, len(got))
		}
		if got := decodeQuoted(data); len(got) > len(data) {
			t.Errorf("quoted-printable %q: got %d bytes", data, len(got))
		}
		withoutScripts(data)
	})
}
