package mime

import (
	"bytes"
	"strings"
	"testing"
)

func TestFooter(t *testing.T) {
	signed := "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=s\n\n--s\nContent-Type: text/plain\n\nsigned\n--s\nContent-Type: application/pkcs7-signature\n\nsig\n--s--\n"
	tests := []struct{ name, mail, text, html, want string }{
		{"plain text", "Subject: x\n\nbody\n", "footer", "", "body\nfooter\n"},
		{"text without line end", "Content-Transfer-Encoding: base64\n\nYm9keQ==\n", "footer\n", "", "body\nfooter\n"},
		{"text in another charset", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n\xe4\n", "f\u00fc\u00df", "", "\u00e4\nf\u00fc\u00df\n"},
		{"text in an unknown charset", "Content-Type: text/plain; charset=x-klingon\n\nbody\n", "footer", "", "body\n|footer"},
		{"both", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nbody\n--b\nContent-Type: text/html\n\n<HTML><BODY>x</BODY></HTML>\n--b--\n",
			"a < b", "", "body\na < b\n|<HTML><BODY>x<p>a &lt; b</p>\n</BODY></HTML>"},
		{"HTML of its own", "Content-Type: text/html\n\n<p>x</html>\n", "text", "<hr>", "<p>x<hr></html>\n"},
		{"HTML without end tags", "Content-Type: text/html\n\n<p>x\n", "text", "<hr>", "<p>x\n<hr>"},
		{"HTML only, of a text", "Subject: x\n\nbody\n", "", "<hr>", "body\n|<hr>"},
		{"an image", "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAEC\n", "footer", "", "\x00\x01\x02|footer"},
		{"a text that is attached", "Content-Type: text/plain\nContent-Disposition: attachment; filename=x.txt\n\nbody\n", "footer", "", "body\n|footer"},
		{"signed", signed, "footer", "", "signed|sig|footer"},
		{"encrypted", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nAAEC\n", "footer", "", "\x00\x01\x02|footer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := crlf(tt.mail)
			m := received(raw)
			if err := m.AddFooter(tt.text, tt.html); err != nil {
				t.Fatal(err)
			}
			again := Parse(applied(t, raw, m.Changes()))
			var got []string
			for _, p := range again.Parts() {
				got = append(got, unixLines(string(p.Text())))
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.name == "signed" && !bytes.Contains(again.Raw(), m.body) {
				t.Errorf("%q is not in %q", m.body, again.Raw())
			}
		})
	}
}

func TestRemoveScripts(t *testing.T) {
	const gone, inside = scriptRemoved, scriptRemovedInComment
	tests := []struct{ name, html, want string }{
		{"none", "<p>no <scripture> & <scr ipt></p>", "<p>no <scripture> & <scr ipt></p>"},
		{"one", "a<script>x</script>b", "a" + gone + "b"},
		{"attributes, letters, white space", "a<SCRIPT\nsrc='x'>x</ScRiPt >b", "a" + gone + "b"},
		{"a slash", "a<script/src=x></script>b", "a" + gone + "b"},
		{"two", "<script></script>-<script></script>", gone + "-" + gone},
		{"no end", "a<script>x</scriptx>", "a" + gone},
		{"cut off", "a<script", "a" + gone},
		{"one made of the rest", "a<scr<script></script>ipt>x</script>", "a<scr" + gone + "ipt>x</script>"},
		{"an end in a string", "<script>'</script>'</script>x", gone + "'</script>x"},
		{"in a comment", "<!-- <script>x</script> -->y", "<!-- " + inside + " -->y"},
		{"after a comment", "<!-- x --><script>x</script>y", "<!-- x -->" + gone + "y"},
		{"between comments", "<!-- <script>1</script> --><script>2</script>", "<!-- " + inside + " -->" + gone},
	}
	for _, tt := range tests {
		got, n := withoutScripts([]byte(tt.html))
		if string(got) != tt.want || (n > 0) != (tt.html != tt.want) {
			t.Errorf("%s: got %q, %d, want %q", tt.name, got, n, tt.want)
		}
	}
}

// TestRemoveScriptsWithAByteOrderMark has HTML that says with its first bytes that it is UTF-16, which browsers heed before
// anything that a header says.
func TestRemoveScriptsWithAByteOrderMark(t *testing.T) {
	const little, big = "//48AHMAYwByAGkAcAB0AD4AeAA8AC8AcwBjAHIAaQBwAHQAPgDkAA==", "/v8APABzAGMAcgBpAHAAdAA+AHgAPAAvAHMAYwByAGkAcAB0AD4A5A=="
	for _, c := range []struct{ name, contentType, data, want string }{
		{"an attachment", "application/octet-stream; name=x.html", little, "\xef\xbb\xbf" + scriptRemoved + "ä"},
		{"big-endian", "application/octet-stream; name=x.html", big, "\xef\xbb\xbf" + scriptRemoved + "ä"},
		{"another charset declared", "text/html; charset=iso-8859-1", little, scriptRemoved + "ä"},
		{"XHTML that declares it", "application/xhtml+xml; charset=utf-16", big, "\xef\xbb\xbf" + scriptRemoved + "ä"},
		{"the mark before ASCII", "text/html", "//48c2NyaXB0Png8L3NjcmlwdD4=", "\xff\xfe" + scriptRemoved},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := crlf("Content-Type: " + c.contentType + "\nContent-Transfer-Encoding: base64\n\n" + c.data + "\n")
			m := received(raw)
			if n, err := m.RemoveScripts(); err != nil || n != 1 {
				t.Fatalf("got %d, %v, want 1", n, err)
			}
			if got := string(Parse(applied(t, raw, m.Changes())).Parts()[0].Content()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRemoveScriptsOfAMessage(t *testing.T) {
	raw := crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n<p>=E4</p><script=\n>x</script>\n--b\nContent-Type: application/octet-stream; name=x.HTM\nContent-Transfer-Encoding: base64\n\nPHNjcmlwdD54PC9zY3JpcHQ+\n--b\nContent-Type: text/html; charset=utf-16\nContent-Transfer-Encoding: base64\n\n/v8APABzAGMAcgBpAHAAdAA+AHg=\n--b\nContent-Type: text/html\n\n<p>none</p>\n--b--\n")
	m := received(raw)
	n, err := m.RemoveScripts()
	if err != nil || n != 3 {
		t.Errorf("got %d, %v, want 3", n, err)
	}
	var got []string
	for _, p := range Parse(applied(t, raw, m.Changes())).Parts() {
		got = append(got, p.Charset()+" "+string(p.Content()))
	}
	want := []string{"iso-8859-1 <p>\xe4</p>" + scriptRemoved, " " + scriptRemoved, "us-ascii " + scriptRemoved, "us-ascii <p>none</p>"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}
