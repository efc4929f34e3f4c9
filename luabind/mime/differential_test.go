package mime

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// leaf is what both parsers say of one.
type leaf struct {
	Type    string
	Depth   int
	Names   []string
	Content []byte
	Text    *string // of text in a known charset
}

// pythonReads gives the leaves that Python's email package finds in mails.
func pythonReads(t *testing.T, mails [][]byte) (list [][]leaf) {
	t.Helper()
	in, err := json.Marshal(mails)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "testdata/outline.py")
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3 (make test installs it): %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func weRead(raw []byte) (list []leaf) {
	for _, p := range Parse(raw).Parts() {
		text := string(p.Text())
		list = append(list, leaf{p.Type(), p.Depth(), p.Names(), p.Content(), &text})
	}
	return list
}

// onPurpose are the mails of the corpus that are read otherwise than by Python, and why.
var onPurpose = map[string]string{
	"empty_parts":         "a delimiter right after another makes an empty part, so that the numbers of parts are those of other readers",
	"no_boundary":         "Python counts the line end before the outer delimiter to the content of a multipart without boundary",
	"no_boundary_guessed": "mail readers show the parts of a multipart that does not say its boundary",
	"no_end":              "the last part of a multipart without end goes on to the last byte",
	"after_end":           "some mail readers show parts after the end boundary",
	"packed_message":      "mail readers decode a message that is attached in base64",
	"packed_quoted":       "mail readers decode a message that is attached in quoted-printable",
	"packed_multipart":    "mail readers decode a multipart in base64",
	"two_types":           "the names of both Content-Type fields count",
	"multipart_bare":      "mail readers that take multipart for multipart/mixed show the parts",
	"type_comment":        "comments are no part of a media type (RFC 822 section 3.4.3)",
	"encoding_odd":        "quotes and parameters of a transfer encoding are passed over",
	"undeclared_8bit":     "8-bit text that declares no charset is read as windows-1252, not lost",
	"base64_more":         "data after padding is decoded too, as by the more lenient mail readers",
	"quoted_broken":       "text that is not valid in its charset is read as windows-1252, not lost",
	"quoted_fine":         "white space at the end of a line is dropped (RFC 2045 section 6.7, rule 3)",
	"uuencode":            "the name in the begin line counts",
	"uu_broken":           "the name in the begin line counts",
	"partial":             "a fragment is no message",
	"external":            "the header of what is elsewhere is no message",
	"report":              "a delivery status is one leaf",
	"colon_space":         "white space before a colon does not end the header (RFC 5322 section 4.5)",
}

func TestCorpusAgainstPython(t *testing.T) {
	samples := corpus(t)
	var mails [][]byte
	for _, c := range samples {
		mails = append(mails, c.raw)
	}
	for i, want := range pythonReads(t, mails) {
		name := samples[i].name
		different := difference(weRead(mails[i]), want)
		switch reason, listed := onPurpose[name]; {
		case different != "" && !listed:
			t.Errorf("%s: %s", name, different)
		case different == "" && listed:
			t.Errorf("%s: Python reads it in the same way, so it need not be listed: %s", name, reason)
		}
	}
}

func TestRandomMailsAgainstPython(t *testing.T) {
	var mails [][]byte
	for seed := range uint64(300) {
		mails = append(mails, []byte(randomMail(rand.New(rand.NewPCG(seed, 2026)))))
	}
	for i, want := range pythonReads(t, mails) {
		got := weRead(mails[i])
		if m := Parse(mails[i]); strings.Contains(strings.Join(m.Defects(), "\n"), defectNoEnd) {
			trimEnds(got) // see no_end and no_boundary above
			trimEnds(want)
		}
		if different := difference(got, want); different != "" {
			t.Errorf("seed %d: %s\n%q", i, different, mails[i])
		}
	}
}

// trimEnds takes the line ends off all leaves.
func trimEnds(list []leaf) {
	for i := range list {
		l := &list[i]
		l.Content = bytes.TrimRight(l.Content, "\r\n")
		if l.Text != nil {
			text := strings.TrimRight(*l.Text, "\r\n")
			l.Text = &text
		}
	}
}

// difference says how two readings differ, "" if they do not.
func difference(got, want []leaf) string {
	show := func(list []leaf) string {
		out, _ := json.MarshalIndent(list, "", " ")
		return string(out)
	}
	if len(got) != len(want) {
		return "got " + show(got) + ", want " + show(want)
	}
	for i, w := range want {
		g := got[i]
		if g.Type != w.Type || g.Depth != w.Depth || !slices.Equal(g.Names, w.Names) || !bytes.Equal(g.Content, w.Content) ||
			w.Text != nil && *g.Text != *w.Text {
			return "got " + show(got[i:i+1]) + string(g.Content) + ", want " + show(want[i:i+1]) + string(w.Content)
		}
	}
	return ""
}
