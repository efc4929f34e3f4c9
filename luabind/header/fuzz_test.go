package header

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"=?utf-8?Q?caf=C3?= =?UTF-8?B?qQ==?= x", "=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "=?x?q?a", "a\r\n b", "=?utf-8?b?YQ=?=", "\xe9\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		text, defects := Decode(raw)
		if !utf8.ValidString(text) || len(text) > 4*len(raw) || len(defects) > mostDefects {
			t.Fatalf("%q: got %q, %d defects", raw, text, len(defects))
		}
		value := Encode(text)
		folded := Fold("Subject", value)
		checkLines(t, "Subject", folded)
		if back, _ := Decode(folded); back != text {
			t.Errorf("%q encoded is %q, and decoded again %q", text, folded, back)
		}
		if folded := Fold("X", raw); Unfold(folded) != Unfold(raw) {
			t.Errorf("%q folded is %q", raw, folded)
		}
	})
}

func FuzzParams(f *testing.F) {
	for _, s := range []string{
		`text/plain; charset="utf-8"; name*0*=utf-8''a%20; name*1=b`, `a; n="x\"y; m=z`, "a (; b=c) d=e(f)", "a b=c d", "a; n=my file(1).txt",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		main, params, defects := ParseParams(value)
		if len(params) > 4*mostParams || len(defects) > mostDefects || !utf8.ValidString(main) {
			t.Fatalf("%q: %q, %d parameters, %d defects", value, main, len(params), len(defects))
		}
		var fit []Param
		for _, p := range params {
			if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) {
				t.Fatalf("%q: %q is not UTF-8", value, p)
			}
			if strings.HasPrefix(FormatParams("", []Param{p}), "; ") {
				fit = append(fit, p)
			}
		}
		fit = fit[:min(len(fit), 100)]
		written := FormatParams("a/b", fit)
		_, back, defects := ParseParams(Fold("Content-Type", written))
		if len(back) != len(fit) {
			t.Fatalf("%q read again is %q %q", written, back, defects)
		}
		for i := range fit {
			if back[i] != fit[i] {
				t.Errorf("%q read again is %q", fit[i], back[i])
			}
		}
	})
}

func FuzzDate(f *testing.F) {
	f.Add("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600")
	f.Add("Thu Jan  2 03:04:05 EST 2003")
	f.Fuzz(func(t *testing.T, value string) {
		when, err := ParseDate(value)
		if err != nil {
			return
		}
		const layout = "02 Jan 2006 15:04:05 -0700"
		if back, err := ParseDate(when.Format(layout)); when.Year() > 0 && when.Year() < 10000 && (err != nil || !back.Equal(when)) {
			t.Errorf("%q is %v, and written and read again %v %v", value, when, back, err)
		}
	})
}

func FuzzToUTF8(f *testing.F) {
	for _, charset := range []string{"utf-8", "utf-16", "iso-2022-jp", "gb18030", "big5", "euc-kr", "hz-gb-2312", "utf-32", "x-none", "koi8-r"} {
		f.Add(charset, []byte("a\xe9\x1b$B%F~{<:\x00"))
	}
	f.Fuzz(func(t *testing.T, charset string, data []byte) {
		text, _ := ToUTF8(charset, data)
		if !utf8.Valid(text) || len(text) > 4*len(data)+4 {
			t.Errorf("%q %q: got %q", charset, data, text)
		}
	})
}
