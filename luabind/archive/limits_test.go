package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// cost runs Names and adds up what it has paid for.
func cost(data string, limit Limits) (members []Member, defects []string, paid int64) {
	members, defects = Names([]byte(data), "", limit, func(n int) { paid += int64(n) })
	return members, defects, paid
}

// nest puts a zip file into a zip file, and so on.
func nest(t *testing.T, depth int) string {
	data := zipOf(t, methodStored, file{"evil.exe", ""})
	for range depth - 1 {
		data = zipOf(t, methodStored, file{"in.zip", data})
	}
	return data
}

func TestLimitOfDepth(t *testing.T) {
	for depth := 9; depth <= 12; depth++ {
		members, defects, _ := cost(nest(t, depth), DefaultLimits())
		found := strings.HasSuffix(members[len(members)-1].Name, "evil.exe")
		if found != (depth <= 10) || (len(defects) == 0) != found {
			t.Errorf("%d levels: got %q and %q, want evil.exe up to 10 levels and a defect beyond", depth, listed(members), defects)
		}
	}
}

func TestLimitOfNames(t *testing.T) {
	var files []file
	for i := range 30 {
		files = append(files, file{fmt.Sprint(i), ""})
	}
	for name, data := range map[string]string{"zip": zipOf(t, methodStored, files...), "tar": tarOf(t, files...)} {
		for count, defects := range map[int]int{29: 1, 30: 0} {
			members, got, _ := cost(data, Limits{Depth: 10, Bytes: 1 << 20, Count: count})
			if len(members) != count || len(got) != defects {
				t.Errorf("%s: got %d names and %q, want %d and %d defects", name, len(members), got, count, defects)
			}
		}
	}
}

func TestLimitOfBytes(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	last := file{"last.zip", zipOf(t, methodStored, file{"evil.exe", ""})}
	bomb := zipOf(t, methodDeflate, file{"a.zip", zeros}, file{"b.zip", zeros}, last)
	members, defects, _ := cost(bomb, Limits{Depth: 10, Bytes: 4 << 20, Count: 100})
	if got := listed(members); !slices.Contains(got, "2 last.zip/evil.exe") || len(defects) != 0 {
		t.Errorf("within the limit: got %q and %q, want all names and no defect", got, defects)
	}
	members, defects, paid := cost(bomb, Limits{Depth: 10, Bytes: 1<<20 + 1<<19, Count: 100})
	if got := listed(members); slices.Contains(got, "2 last.zip/evil.exe") || len(got) != 3 || len(defects) != 2 {
		t.Errorf("beyond the limit: got %q and %q, want the names of the first level and what was not looked into", got, defects)
	}
	if paid > 8<<20 {
		t.Errorf("paid for %d bytes, want not much more than the limit", paid)
	}
}

// TestHostileWork holds what is paid for to the size of the data and the limit, whatever an archive claims.
func TestHostileWork(t *testing.T) {
	const size = 1 << 20
	limit := Limits{Depth: 10, Bytes: size, Count: 1000}
	empty := deflated(t, "")
	noise := strings.Repeat("\x00\x00\x00\xff\xff", size/5) // deflated blocks of nothing
	tests := map[string]string{
		"10,000 entries for one stored zip file":         shared(entry{name: "a.zip", data: sigLocal + strings.Repeat("x", size)}),
		"10,000 entries for data that unpack to nothing": shared(entry{name: "a", method: methodDeflate, flags: flagLater, data: noise}),
		"local headers without end":                      strings.Repeat(localOf(entry{name: "a", flags: flagLater, method: methodDeflate}), size/31),
		"local headers that cover all others":            strings.Repeat(localOf(entry{name: "a", local: size}), size/31),
		"signatures alone":                               strings.Repeat(sigLocal, size/4),
		"directory entries without end":                  strings.Repeat(centralOf(entry{name: "a"}, 0), size/47),
		"empty streams of gzip":                          strings.Repeat("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"+empty+"\x00\x00\x00\x00\x00\x00\x00\x00", size/25),
		"empty streams of bzip2":                         strings.Repeat("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00", size/14),
		"10,000 entries for bzip2":                       shared(entry{name: "a", method: methodBzip2, data: bzip2OfTar(t)}),
		"long names":                                     shared(entry{name: strings.Repeat("\xff", 65_000), data: "x"}),
		"long extra fields":                              shared(entry{name: "a", extra: strings.Repeat("\x01\x00\x00\x00", 16_000), data: "x"}),
		"tar headers without end":                        strings.Repeat(tarOf(t, file{"a", ""})[:512], size/512),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			members, defects, paid := cost(data, limit)
			most := 3*(int64(len(data))+limit.Bytes) + 16<<20
			if paid > most {
				t.Errorf("paid for %d bytes, want at most %d", paid, most)
			}
			kept := 0
			for _, m := range members {
				kept += len(m.Name)
			}
			if len(members) > limit.Count || kept > limit.Count*mostName || len(defects) > mostDefects+1 {
				t.Errorf("got %d names of %d bytes and %d defects", len(members), kept, len(defects))
			}
		})
	}
}

// shared is a zip file whose 10,000 entries have one member.
func shared(e entry) string {
	body := localOf(e) + e.data
	directory := strings.Repeat(centralOf(entry{name: "a", method: e.method, flags: e.flags, data: e.data}, 0), 10_000)
	return body + directory + endOf(10_000, len(directory), len(body))
}

func TestWorkThatPanics(t *testing.T) {
	data := gzipOf(t, "", zipOf(t, methodDeflate, file{"in.zip", nest(t, 3)}))
	stop := errors.New("stop")
	for calls := range 40 {
		func() {
			defer func() {
				if r := recover(); r != nil && r != stop {
					t.Errorf("got the panic %v, want the one of work", r)
				}
			}()
			n := 0
			Names([]byte(data), "", DefaultLimits(), func(int) {
				if n++; n > calls {
					panic(stop)
				}
			})
		}()
	}
}

func TestLongNames(t *testing.T) {
	long := strings.Repeat("ü", 2000) + ".exe"
	members, _, _ := cost(zipOf(t, methodStored, file{"in.zip", zipOf(t, methodStored, file{long, ""})}), DefaultLimits())
	got := members[1].Name
	if len(got) > mostName || !strings.HasPrefix(got, "in.zip/ü") || !strings.HasSuffix(got, "ü.exe") {
		t.Errorf("got %d bytes, %q: want both ends of the path", len(got), got)
	}
}

func FuzzNames(f *testing.F) {
	evil := entry{name: "evil.exe", data: "MZ"}
	inner := zipOf(f, methodDeflate, file{"evil.exe", "MZ"})
	for _, data := range []string{
		inner, rawZip(evil, entry{name: "a", central: "b", flags: flagLater, method: methodDeflate, data: deflated(f, "x")}),
		zipOf(f, methodStored, file{"in.zip", inner}), tarOf(f, file{"in.zip", inner}), gzipOf(f, "x", inner), bzip2OfTar(f), "BZh9", sigEnd,
	} {
		f.Add([]byte(data), "x.tgz")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		limit := Limits{Depth: 4, Bytes: 1 << 20, Count: 100}
		members, defects, paid := cost(string(data), limit)
		if len(members) > limit.Count || len(defects) > mostDefects+1 {
			t.Errorf("got %d names and %d defects", len(members), len(defects))
		}
		if most := 4*(int64(len(data))+limit.Bytes) + 16<<20; paid > most {
			t.Errorf("paid for %d bytes, want at most %d", paid, most)
		}
		for _, m := range members {
			if len(m.Name) > mostName || m.Depth < 1 || m.Depth > limit.Depth {
				t.Errorf("got %+v", m)
			}
		}
		Names(data, name, limit, nil)
	})
}
