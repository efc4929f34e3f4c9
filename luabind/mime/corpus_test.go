package mime

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// sample is one broken or odd mail of the corpus.
type sample struct {
	name string
	raw  []byte
	want []string // parts of its defects
}

// corpus reads testdata/corpus.txtar. A file is a mail; lines end with CRLF unless its name ends with .lf. In the mails
// "\r", "\n", "\0" and "\xHH" stand for these bytes, and "\-" at the end of a line for nothing at all, not even a line end. The
// comment of the archive lists the defects: "name: defect; defect".
func corpus(t testing.TB) (list []sample) {
	t.Helper()
	data, err := os.ReadFile("testdata/corpus.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	want := map[string][]string{}
	for line := range strings.Lines(string(archive.Comment)) {
		if name, defects, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
			want[name] = strings.Split(defects, "; ")
		}
	}
	replacer := strings.NewReplacer("\\-\n", "", `\r`, "\r", `\n`, "\n", `\0`, "\x00", `\xe4`, "\xe4", `\xff`, "\xff", `\xc3`, "\xc3", `\xb6`, "\xb6", `\t`, "\t")
	for _, f := range archive.Files {
		text := string(f.Data)
		if !strings.HasSuffix(f.Name, ".lf") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
			text = strings.ReplaceAll(text, "\\-\r\n", "")
		}
		list = append(list, sample{f.Name, []byte(replacer.Replace(text)), want[f.Name]})
	}
	return list
}
