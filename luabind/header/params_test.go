package header

import (
	"slices"
	"strings"
	"testing"
)

func TestParseParams(t *testing.T) {
	const (
		twice     = "parameter given more than once"
		bareSpace = "white space in a value without quotes"
		noEnd     = "quote without its end"
		noValue   = "text that is no parameter"
		hidden    = "comment that programs without comments read as parameters"
	)
	tests := []struct {
		name, value, main string
		params            []Param
		defects           []string
	}{
		{"as it should be", `Text/Plain; Charset="utf-8"; format=flowed`, "text/plain", []Param{{"charset", "utf-8"}, {"format", "flowed"}}, nil},
		{"a value alone", " attachment ", "attachment", nil, nil},
		{"nothing", "", "", nil, nil},
		{"folded, with space everywhere", "text / html ;\r\n\tname = \"a\r\n b\" ;", "text/html", []Param{{"name", "a b"}}, nil},
		{"comments", "text/plain (a; b) ; charset=us-ascii (plain)", "text/plain", []Param{{"charset", "us-ascii"}, {"charset", "us-ascii (plain)"}},
			[]string{hidden, twice}},
		{"escapes", `a; n="x\"y\\z"`, "a", []Param{{"n", `x"y\z`}}, nil},
		{"an empty value", `a; n=""; m=`, "a", []Param{{"n", ""}, {"m", ""}}, nil},
		{"continued", `a/b; url*0="ftp://"; url*1="x.example/y"`, "a/b", []Param{{"url", "ftp://x.example/y"}}, nil},
		{"with charset and language", "a; t*=us-ascii'en-us'This%20is%20%2A%2A", "a", []Param{{"t", "This is **"}}, nil},
		{"continued, with charset, the parts in any order", `a; t*1*=%A9; x=y; t*2=" au%20lait"; t*0*=utf-8''caf%C3`, "a",
			[]Param{{"t", "café au%20lait"}, {"x", "y"}}, nil},
		{"an empty charset", "a; t*=''x%20y", "a", []Param{{"t", "x y"}}, nil},
		{"two names in two forms", "a; name=x.txt; filename*=utf-8''y.exe; filename=z.txt", "a",
			[]Param{{"name", "x.txt"}, {"filename", "y.exe"}, {"filename", "z.txt"}}, []string{twice}},
		{"twice the same", "a; filename=x.txt; filename=y.exe", "a", []Param{{"filename", "x.txt"}, {"filename", "y.exe"}}, []string{twice}},
		{"a part that is there twice begins anew", "a; n*0=x; n*1=.txt; n*0=y; n*1=.exe", "a", []Param{{"n", "x.txt"}, {"n", "y.exe"}}, []string{twice}},
		{"a part is missing", "a; n*0=x.exe; n*2=.txt", "a", []Param{{"n", "x.exe.txt"}, {"n", "x.exe"}},
			[]string{"continued parameter with a part missing", twice}},
		{"the first part is missing", "a; n*1=x", "a", []Param{{"n", "x"}}, []string{"continued parameter with a part missing"}},
		{"an unknown charset", "a; n*=x-none''%E9", "a", []Param{{"n", "é"}}, []string{`extended parameter in the unknown charset "x-none"`}},
		{"no charset", "a; n*=x%20y", "a", []Param{{"n", "x y"}}, []string{"extended parameter without a charset"}},
		{"broken percent", "a; n*=utf-8''50%", "a", []Param{{"n", "50%"}}, []string{"extended parameter with a broken %XX"}},
		{"a broken section", "a; n*x=y", "a", []Param{{"n", "y"}}, []string{"parameter with a broken name"}},
		{"an encoded word", `a; n="=?utf-8?Q?caf=C3=A9=2Eexe?="`, "a", []Param{{"n", "café.exe"}}, []string{"encoded word in a parameter"}},
		{"encoded words without quotes", "a; n==?utf-8?B?YQ==?=\n =?utf-8?B?Yg==?=", "a", []Param{{"n", "ab"}},
			[]string{bareSpace, "encoded word in a parameter"}},
		{"8-bit", "a; n=caf\xe9", "a", []Param{{"n", "café"}}, []string{"raw 8-bit text that is not UTF-8, read as windows-1252"}},
		{"spaces without quotes", "a; n=my file.txt ; m=x", "a", []Param{{"n", "my file.txt"}, {"m", "x"}}, []string{bareSpace}},
		{"parentheses without quotes", "a; n=copy(1).txt", "a", []Param{{"n", "copy(1).txt"}}, []string{"parenthesis in a value without quotes"}},
		{"a comment that touches the value", "a; n=x.exe(y)", "a", []Param{{"n", "x.exe"}, {"n", "x.exe(y)"}},
			[]string{"parenthesis in a value without quotes", "comment that is not set apart", twice}},
		{"missing semicolons", "text/plain charset=utf-8 name=x", "text/plain", []Param{{"charset", "utf-8"}, {"name", "x"}}, []string{"missing semicolon"}},
		{"no value before the parameters", "filename=x.exe; a=b", "", []Param{{"filename", "x.exe"}, {"a", "b"}}, []string{"parameters without a value before them"}},
		{"a quote without its end", `a; n="x.exe`, "a", []Param{{"n", "x.exe"}}, []string{noEnd}},
		{"a quote without its end before others", `a; n="x.exe; m=y`, "a", []Param{{"n", "x.exe"}, {"n", "x.exe; m=y"}, {"m", "y"}}, []string{noEnd, twice}},
		{"a quote in the middle", `a; n=x"y`, "a", []Param{{"n", `x"y`}}, []string{"quote inside a value"}},
		{"text behind the quotes", `a; n="x.txt".exe`, "a", []Param{{"n", "x.txt"}, {"n", "x.txt.exe"}}, []string{"text behind a quoted value", twice}},
		{"a path", `a; n="C:\x.exe"`, "a", []Param{{"n", "C:x.exe"}, {"n", `C:\x.exe`}},
			[]string{"backslash in a quoted value that programs read in two ways", twice}},
		{"a comment hides a name", "attachment (; filename=x.exe)", "attachment", []Param{{"filename", "x.exe)"}}, []string{hidden}},
		{"a comment without its end", "attachment (; filename=x.exe", "attachment", []Param{{"filename", "x.exe"}},
			[]string{"comment without its end", noValue, hidden}},
		{"quotes around the value", `"attachment"; n=x`, "attachment", []Param{{"n", "x"}}, []string{"quotes around the value"}},
		{"NUL", "a; n=x.txt\x00.exe", "a", []Param{{"n", "x.txt\x00.exe"}}, []string{"NUL in the text"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			main, params, defects := ParseParams(tt.value)
			if main != tt.main || !slices.Equal(params, tt.params) || !slices.Equal(defects, tt.defects) {
				t.Errorf("got %q %q %q\nwant %q %q %q", main, params, defects, tt.main, tt.params, tt.defects)
			}
		})
	}
}

func TestAThousandParameters(t *testing.T) {
	_, params, defects := ParseParams("a" + strings.Repeat(";a=b", 5000))
	if len(params) != mostParams || !slices.Contains(defects, "more than 1000 parameters: the rest is not read") {
		t.Errorf("got %d parameters, %q", len(params), defects)
	}
}

func TestFormatParams(t *testing.T) {
	tests := []struct {
		name   string
		params []Param
		want   string
	}{
		{"tokens, and what needs quotes", []Param{{"charset", "utf-8"}, {"name", `a "b".txt`}, {"x", ""}}, `a/b; charset=utf-8; name="a \"b\".txt"; x=""`},
		{"not ASCII", []Param{{"name", "café au lait.txt"}}, "a/b; name*=utf-8''caf%C3%A9%20au%20lait.txt"},
		{"long", []Param{{"name", strings.Repeat("é", 10)}},
			"a/b; name*0*=utf-8''%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9; name*1*=%C3%A9%C3%A9%C3%A9"},
		{"line breaks", []Param{{"name", "a\r\nb"}}, "a/b; name*=utf-8''a%0D%0Ab"},
		{"what looks like an encoded word", []Param{{"name", "=?utf-8?q?a?="}}, "a/b; name*=utf-8''%3D%3Futf-8%3Fq%3Fa%3F%3D"},
		{"a name that is no token", []Param{{"a;b", "c"}, {"", "c"}, {"a*", "c"}, {"ok", "c"}}, "a/b; ok=c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := FormatParams("a/b\r\nBcc: x", tt.params); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
