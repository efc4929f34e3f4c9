package archive

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// listed gives what Names finds as "depth name", with ! behind the encrypted.
func listed(members []Member) []string {
	var got []string
	for _, m := range members {
		s := fmt.Sprint(m.Depth, " ", m.Name)
		if m.Encrypted {
			s += "!"
		}
		got = append(got, s)
	}
	return got
}

func TestNames(t *testing.T) {
	evil := file{"evil.exe", "MZ"}
	inner := zipOf(t, methodDeflate, evil)
	tests := []struct {
		name, data, file string
		want             []string
	}{
		{"what is no archive has no names", "hello", "x.zip", nil},
		{"nothing", "", "", nil},
		{"deflated", zipOf(t, methodDeflate, file{"a.txt", "aaaa"}, evil), "", []string{"1 a.txt", "1 evil.exe"}},
		{"stored", zipOf(t, methodStored, file{"a.txt", "aaaa"}, evil), "", []string{"1 a.txt", "1 evil.exe"}},
		{"an empty zip", zipOf(t, methodStored), "", nil},
		{"a folder", zipOf(t, methodStored, file{"dir/", ""}), "", []string{"1 dir/"}},
		{"nested and deflated", zipOf(t, methodDeflate, file{"in.zip", inner}, evil), "", []string{"1 in.zip", "2 in.zip/evil.exe", "1 evil.exe"}},
		{"nested and stored", zipOf(t, methodStored, file{"in.zip", inner}, evil), "", []string{"1 in.zip", "2 in.zip/evil.exe", "1 evil.exe"}},
		{"nested under a harmless name", zipOf(t, methodDeflate, file{"in.txt", inner}), "", []string{"1 in.txt", "2 in.txt/evil.exe"}},
		{"behind a program that unpacks it", zipOf(t, methodDeflate, file{"in.exe", "MZ" + inner}), "", []string{"1 in.exe", "2 in.exe/evil.exe"}},
		{"behind a picture", "\xff\xd8\xff" + inner, "x.jpg", []string{"1 evil.exe"}},
		{"a tar file", tarOf(t, file{"a", "1"}, file{"in.zip", inner}), "", []string{"1 a", "1 in.zip", "2 in.zip/evil.exe"}},
		{"gzip with a name", gzipOf(t, "évil.exe", "MZ"), "évil.exe.gz", []string{"1 évil.exe"}},
		{"gzip whose names disagree", gzipOf(t, "a.txt", "MZ"), "evil.exe.gz", []string{"1 a.txt", "1 evil.exe"}},
		{"gzip with no name at all", gzipOf(t, "", "MZ"), "", nil},
		{"a tar file in gzip", gzipOf(t, "", tarOf(t, file{"a", "1"})), "x.tgz", []string{"1 x.tar", "2 x.tar/a"}},
		{"a tar file in gzip with no name", gzipOf(t, "", tarOf(t, file{"a", "1"})), "", []string{"2 a"}},
		{"several streams of gzip", gzipOf(t, "", tarOf(t, file{"a", "1"})[:600]) + gzipOf(t, "", tarOf(t, file{"a", "1"})[600:]), "x.tar.gz",
			[]string{"1 x.tar", "2 x.tar/a"}},
		{"bzip2", bzip2OfTar(t), "x.tar.bz2", []string{"1 x.tar", "2 x.tar/in.exe"}},
		{"a name in code page 437", rawZip(entry{name: "\x81ber.exe"}), "", []string{"1 über.exe"}},
		{"UTF-8 that is not declared", rawZip(entry{name: "über.exe"}), "", []string{"1 über.exe"}},
		{"an encrypted member", rawZip(entry{name: "a", flags: flagEncrypted, data: "xxxxxxxxxxxx"}, entry{name: "b"}), "", []string{"1 a!", "1 b"}},
		{"AES", rawZip(entry{name: "a", method: methodAES, data: inner}), "", []string{"1 a!"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			members, defects := Names([]byte(tt.data), tt.file, DefaultLimits(), nil)
			if got := listed(members); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if len(defects) > 0 {
				t.Errorf("got the defects %q, want none", defects)
			}
		})
	}
}

func TestNamesThatAreHidden(t *testing.T) {
	evil := entry{name: "evil.exe", data: "MZ"}
	good := entry{name: "a.txt", data: "hello"}
	hiddenEvil := localOf(evil) + evil.data
	onlyLocal := evil
	onlyLocal.central = "-"
	wide := le(uint16(0x7075), uint16(5+8), byte(1), crc32.ChecksumIEEE([]byte("a.txt")), "evil.exe")
	tests := []struct {
		name, data string
		want       []string
		defect     string
	}{
		{"local header and directory disagree", rawZip(entry{name: "evil.exe", central: "a.txt"}),
			[]string{"1 a.txt", "1 evil.exe"}, "a.txt: its name in the local header differs: evil.exe"},
		{"not in the directory", rawZip(good, onlyLocal), []string{"1 a.txt", "1 evil.exe"}, "evil.exe is not in the directory"},
		{"not in the directory, behind a stored member", rawZip(entry{name: "a.txt", data: "hello" + hiddenEvil}),
			[]string{"1 a.txt", "1 evil.exe"}, "evil.exe is not in the directory"},
		{"the directory says that a member is longer", rawZip(entry{name: "a.txt", method: methodDeflate, data: deflated(t, "hello"),
			size: len(deflated(t, "hello")) + len(hiddenEvil), after: hiddenEvil}),
			[]string{"1 a.txt", "1 evil.exe"}, "its size differs between directory and local header"},
		{"the sizes come later, and the deflated data end sooner", rawZip(entry{name: "a.txt", method: methodDeflate, flags: flagLater,
			data: deflated(t, "hello") + hiddenEvil}), []string{"1 a.txt", "1 evil.exe"}, "evil.exe is not in the directory"},
		{"a second directory", rawZip(good) + rawZip(evil), []string{"1 a.txt", "1 evil.exe"}, "a.txt is not in the directory"},
		{"a name that ends at NUL", rawZip(entry{name: "evil.exe\x00.txt"}), []string{"1 evil.exe\x00.txt", "1 evil.exe"}, ""},
		{"a Unicode name beside the name", rawZip(entry{name: "a.txt", extra: wide}), []string{"1 a.txt", "1 evil.exe"}, ""},
		{"overlapping members", overlapping(good), []string{"1 a.txt", "1 b.txt", "1 a.txt"}, "a.txt: it overlaps another member"},
		{"no local header where the directory says", centralOf(evil, 0) + endOf(1, len(centralOf(evil, 0)), 0), []string{"1 evil.exe"},
			"its local header is not where"},
		{"cut off in the directory", rawZip(good, evil)[:len(rawZip(good, evil))-30], []string{"1 a.txt", "1 evil.exe"}, "no directory"},
		{"cut off in the data", zipOf(t, methodStored, file{"a.txt", strings.Repeat("x", 900)})[:300], []string{"1 a.txt"}, "no directory"},
		{"cut off right after the name", localOf(good)[:sizeLocal+5], []string{"1 a.txt"}, "no directory"},
		{"a broken tar file", tarOf(t, file{"a", "1"})[:1024] + strings.Repeat("x", 512), []string{"1 a"}, "broken before byte"},
		{"gzip and zip at once", gzipOf(t, "a", "x") + rawZip(evil), []string{"1 a", "1 evil.exe"}, "is a zip file as well"},
		{"cut off gzip", gzipOf(t, "a", tarOf(t, file{"evil.exe", ""}))[:60], []string{"1 a"}, "cannot be unpacked"},
		{"a type that is not read", rawZip(entry{name: "a", data: "Rar!\x1a\x07\x01\x00"}), []string{"1 a"}, "a: a RAR file is not looked into"},
		{"a method that is not known", rawZip(entry{name: "a", method: 14, data: "xx"}), []string{"1 a"}, "packed by method 14"},
		{"an encrypted directory", rawZip(entry{name: "0", flags: flagEncrypted | flagMasked}), []string{"1 0!"}, "the directory is encrypted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			members, defects := Names([]byte(tt.data), "", DefaultLimits(), nil)
			if got := listed(members); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if all := strings.Join(defects, "\n"); tt.defect == "" && all != "" || !strings.Contains(all, tt.defect) {
				t.Errorf("got the defects %q, want %q", defects, tt.defect)
			}
		})
	}
}

// overlapping has two entries of the directory for one local header, and one that covers the other.
func overlapping(good entry) string {
	b := entry{name: "b.txt", data: "b"}
	body := localOf(good) + good.data + localOf(b) + b.data
	directory := centralOf(good, 0) + centralOf(good, 0) + centralOf(b, len(localOf(good)+good.data))
	return body + directory + endOf(3, len(directory), len(body))
}
