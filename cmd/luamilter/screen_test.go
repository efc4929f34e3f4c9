package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// screen is a terminal of 100 columns and 24 lines in a tmux of our own, with a shell in it.
type screen struct {
	t    *testing.T
	tmux []string
}

func startScreen(t *testing.T) *screen {
	t.Helper()
	dir := shortTempDir(t)
	s := &screen{t, []string{tool(t, "tmux", "tmux"), "-S", dir + "/tmux", "-f", "/dev/null"}}
	s.run("new-session", "-d", "-x", "100", "-y", "24", "env", "-i", "PS1=$ ", "TERM=screen", "LANG=C.UTF-8", "sh")
	t.Cleanup(func() {
		t.Logf("the screen at its end:\n%s", s.text())
		s.run("kill-server")
	})
	return s
}

func (s *screen) run(args ...string) string {
	s.t.Helper()
	out, err := exec.Command(s.tmux[0], append(s.tmux[1:], args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// types sends a line as if somebody typed it.
func (s *screen) types(format string, values ...any) {
	s.t.Helper()
	s.run("send-keys", "-l", fmt.Sprintf(format, values...))
	s.run("send-keys", "Enter")
}

// text is what stands on the screen, lines that were broken at its edge as one, without the blanks behind them.
func (s *screen) text() string {
	s.t.Helper()
	var lines []string
	for line := range strings.Lines(s.run("capture-pane", "-p", "-J")) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// shows waits until the screen matches a pattern.
func (s *screen) shows(pattern string) {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	eventually(s.t, "the screen shows "+pattern, func() bool { return re.MatchString(s.text()) })
}

// TestTheScreenWhileReplayRuns holds the seventh of 500 mails up until the bar has been seen.
func TestTheScreenWhileReplayRuns(t *testing.T) {
	_, mbox := writeMbox(t, 500)
	dir := shortTempDir(t)
	const source = `local seen = %q
function on_eom()
  if msg.sender:find("^spam") then
    repeat local go = io.open(seen) until go
    return reject("no spam")
  end
end
`
	if err := os.WriteFile(dir+"/filter.lua", fmt.Appendf(nil, source, dir+"/seen"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := startScreen(t)
	s.types("clear; %s replay --jobs 1 --script %s/filter.lua %s; echo ended $?", commandPath(t), dir, mbox)
	s.shows(`\Q` + filepath.Base(mbox) + `\E#6: accept, unchanged\n\[-+\] +\d%  6 mails, \d+/s$`)
	if err := os.WriteFile(dir+"/seen", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.shows(`#500: accept, unchanged\n\[#{30}\] 100%  500 mails, \d+/s\n\n500 mails\n  499 accept, unchanged\n  1 reject\nended 0\n\$$`)
}

func TestTheScreenWhileTailRuns(t *testing.T) {
	dir := shortTempDir(t)
	const source = `function on_mail(sender)
  if sender:find("@spam%.example$") then
    return reject(550, "5.7.1", "not here")
  end
end
function on_eom() add_header("X-Filtered-By", "luamilter") end
`
	for name, text := range map[string]string{"filter.lua": source, "plain.eml": "Subject: hello\n\nHello.\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	startMilter(t, "unix:"+dir+"/s", "--script", dir+"/filter.lua", "--admin", "unix:"+dir+"/admin")
	send := func(from string) {
		t.Helper()
		cmd := exec.Command(commandPath(t), "send", "--milter", "unix:"+dir+"/s", "--from", from, "--rcpt", "ann@example.net", dir+"/plain.eml")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("send: %v\n%s", err, out)
		}
	}
	send("before@example.org")
	s := startScreen(t)
	s.types("clear; export LUAMILTER_ADMIN=unix:%s/admin; %s tail --last 1; echo ended $?", dir, commandPath(t))
	const line = `\d\d:\d\d:\d\d  accept  REPLAY  unknown\[192\.0\.2\.1\]  <%s@example\.org> -> <ann@example\.net>  1 change  [\d.]+.?s`
	s.shows(fmt.Sprintf(line, "before") + `$`)
	send("joe@example.org")
	send("bob@spam.example")
	s.shows(fmt.Sprintf(line, "before") + `\n` + fmt.Sprintf(line, "joe") + `\n` +
		`\d\d:\d\d:\d\d  reject at mail  -  unknown\[192\.0\.2\.1\]  <bob@spam\.example> -> -  550 5\.7\.1 not here  \(\S+/filter\.lua:3\)  [\d.]+.?s$`)
	s.run("send-keys", "C-c")
	s.shows(`ended 0\n\$$`)
}
