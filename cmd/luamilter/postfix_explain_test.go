package main_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// testExplain looks at mail of Postfix with tail and explain: by the queue id that Postfix gives.
func (p *postfix) testExplain(t *testing.T) {
	admin := "unix:" + filepath.Join(p.dir, "admin")
	p.milter(t, "verdicts", "--script", filterPath(t, "verdicts.lua"), "--admin", admin)
	c := newSMTP(t, p.smtpd["verdicts"])
	sent := c.mustSend("good@client.example", "good-explain@sink.example", testMail)
	id := sent[strings.LastIndexByte(sent, ' ')+1:]
	wantPrefix(t, "reply", c.send("reject-eom@client.example", "bad-explain@sink.example", testMail), "551 5.7.9")

	follow := exec.Command(commandPath(t), "tail", "--admin", admin, "--last", "2", "--match", "kind=message")
	out, err := follow.StdoutPipe()
	p.must(t, err)
	p.must(t, follow.Start())
	lines := bufio.NewScanner(out)
	for _, want := range []string{
		`  accept  ` + id + `  (?:unknown|localhost)\[127\.0\.0\.1\]  <good@client\.example> -> <good-explain@sink\.example>  `,
		`  reject  [0-9A-Za-z]+  .*<reject-eom@client\.example> -> <bad-explain@sink\.example>  551 5\.7\.9 rejected by the filter  \(.*verdicts\.lua:\d+\)  `,
	} {
		if !lines.Scan() || !regexp.MustCompile(want).MatchString(lines.Text()) {
			t.Errorf("got %q and %v from tail, want %s", lines.Text(), lines.Err(), want)
		}
	}
	p.must(t, follow.Process.Signal(syscall.SIGINT))
	p.must(t, follow.Wait())

	told, err := exec.Command(commandPath(t), "explain", "--admin", admin, id).CombinedOutput()
	if err != nil {
		t.Errorf("explain %s: %v", id, err)
	}
	for _, want := range []string{"message " + id + ", connection ", "  verdict    accept at eom\n", "on_header ", " times\n", `add_header X-Seen: "mail data`} {
		if !strings.Contains(string(told), want) {
			t.Errorf("got\n%s\nwant %q in it", told, want)
		}
	}
}
