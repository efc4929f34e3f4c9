package header

import "testing"

func TestToUTF8(t *testing.T) {
	tests := []struct {
		name, charset, data, want string
		ok                        bool
	}{
		{"UTF-8 with NUL", "UTF-8", "é\x00", "é\x00", true},
		{"broken UTF-8", "utf8", "a\xffb", "a\uFFFDb", true},
		{"no charset", "", "abc", "abc", true},
		{"ASCII with UTF-8 in it", "us-ascii", "é", "é", true},
		{"ASCII with something else in it", "US-ASCII", "\xe9", "é", true},
		{"in quotes", ` "iso-8859-1" `, "\xe9", "é", true},
		{"Latin 1 is windows-1252", "iso-8859-1", "\x80", "€", true},
		{"Latin 9", "iso-8859-15", "\xa4", "€", true},
		{"a code page by number", "CP1252", "\x80", "€", true},
		{"another way to write it", "win-1251", "\xcf", "П", true},
		{"of DOS", "cp437", "\x82", "é", true},
		{"of Apple", "macintosh", "\x8e", "é", true},
		{"Russian", "koi8-r", "\xf0", "П", true},
		{"GB 2312 is GBK", "gb2312", "\xc4\xe3\x81\x40", "你丂", true},
		{"GBK", "x-gbk", "\xc4\xe3", "你", true},
		{"GB 18030", "gb18030", "\xc4\xe3", "你", true},
		{"HZ", "hz-gb-2312", "~{<:Ky~}", "己所", true},
		{"Big5", "big5", "\xa4\xa4", "中", true},
		{"Korean", "ks_c_5601-1987", "\xc7\xd1", "한", true},
		{"Shift JIS", "cp932", "\x83e", "テ", true},
		{"ISO-2022-JP", "iso-2022-jp", "\x1b$B%F\x1b(B", "テ", true},
		{"UTF-16 with a mark", "utf-16", "\xff\xfea\x00", "a", true},
		{"UTF-16 as Windows sends it", "utf-16", "a\x00b\x00", "ab", true},
		{"UTF-16 as the RFC says", "utf-16", "\x00a\x00b", "ab", true},
		{"half a UTF-16 pair", "utf-16be", "\xd8\x00\x00a", "\uFFFDa", true},
		{"UTF-32", "utf-32", "\x00\x00\x00a", "a", true},
		{"UTF-7 is unknown", "utf-7", "+AOk-", "+AOk-", false},
		{"one that the WHATWG gives up", "iso-2022-kr", "abc", "abc", false},
		{"unknown, UTF-8", "x-none", "é", "é", false},
		{"unknown, not UTF-8", "x-none", "\xe9", "é", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ToUTF8(tt.charset, []byte(tt.data))
			if string(got) != tt.want || ok != tt.ok {
				t.Errorf("got %q %v, want %q %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}
