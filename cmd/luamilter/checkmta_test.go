package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luamilter/luabind/lint"
)

// postconf asks Postfix about a main.cf, and fails where Postfix has something to complain of.
func postconf(t *testing.T, folder string, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command("postconf", append([]string{"-c", folder}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil || errOut.Len() > 0 {
		t.Fatalf("postconf %v: %v, stderr %q", args, err, errOut.String())
	}
	return out.String()
}

func TestPostfixTakesTheLinesOfCheck(t *testing.T) {
	for _, c := range []struct {
		name, script string
		args, want   []string
	}{
		{"a filter without macros", "function on_mail() return accept() end", nil,
			[]string{"smtpd_milters = inet:127.0.0.1:7357"}},
		{"macros that Postfix sends by itself", `function on_rcpt() print(macro("i"), macro("j")) end`, nil,
			[]string{"smtpd_milters = inet:127.0.0.1:7357"}},
		{"macros that it must be told to send",
			`function on_connect() print(macro("client_addr"), macro("j")) end function on_helo() print(macro("client_ptr")) end`, nil,
			[]string{
				"milter_connect_macros = j {daemon_name} {daemon_addr} v _ {client_addr} {client_ptr}",
				"smtpd_milters = inet:127.0.0.1:7357",
			}},
		{"another address and longer times", "function on_mail() return accept() end",
			[]string{"--listen", "unix:/run/luamilter/socket", "--callback-timeout", "60s", "--message-timeout", "10m"},
			[]string{
				"milter_command_timeout = 76s", "milter_content_timeout = 751s", "smtpd_milters = unix:/run/luamilter/socket",
			}},
		{"every address, an IPv6 one for the mail server", "function on_mail() return accept() end",
			[]string{"--listen", "inet6:7357@[::]"}, []string{"smtpd_milters = inet:[::1]:7357"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			script := filepath.Join(folder, "filter.lua")
			if err := os.WriteFile(script, []byte(c.script), 0o644); err != nil {
				t.Fatal(err)
			}
			var out, errOut bytes.Buffer
			if code := luamilter(append([]string{"check", "--mta", "postfix", script}, c.args...), &out, &errOut); code != exitFine {
				t.Fatalf("exit code %d: %s", code, errOut.String())
			}
			i := strings.Index(out.String(), "smtpd_milters")
			if i < 0 {
				t.Fatalf("got %q, want lines for main.cf", out.String())
			}
			for name, content := range map[string]string{"main.cf": "compatibility_level = 3.6\n" + out.String()[i:], "master.cf": ""} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.Split(strings.TrimSpace(postconf(t, folder, "-n")), "\n")
			got = slices.DeleteFunc(got, func(line string) bool { return !strings.Contains(line, "milter") })
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPostfixSendsTheMacrosThatCheckCountsOn(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"main.cf", "master.cf"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, stage := range lint.Stages() {
		name := lint.Postfix.Setting(stage)
		got := strings.TrimSpace(postconf(t, folder, "-dh", name))
		if want := strings.Join(lint.Postfix.Sends(stage), " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestLinesForSendmail(t *testing.T) {
	script := filepath.Join(t.TempDir(), "filter.lua")
	const text = `function on_connect() print(macro("client_addr")) end function on_mail() print(macro("auth_authen")) end`
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if code := luamilter([]string{"check", "--mta", "sendmail", script}, &out, &errOut); code != exitFine {
		t.Fatalf("exit code %d: %s", code, errOut.String())
	}
	want := "INPUT_MAIL_FILTER(`luamilter', `S=inet:7357@127.0.0.1, F=T, T=S:10s;R:10s;E:300s')dnl\n" +
		"dnl macros that are read: {auth_authen} {client_addr}\n" +
		"dnl some are not sent without these lines; a script can ask for them instead:\n" +
		"dnl negotiate{macros={connect={\"{client_addr}\"}}}\n" +
		"define(`confMILTER_MACROS_CONNECT', `j, _, {daemon_name}, {if_name}, {if_addr}, {client_addr}')dnl\n"
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s\nwant at its end\n%s", out.String(), want)
	}
}

func TestTheListenerOfLinesMustBeKnown(t *testing.T) {
	var out, errOut bytes.Buffer
	code := luamilter([]string{"check", "--mta", "postfix", "--listen", "systemd", "filter.lua"}, &out, &errOut)
	if code != exitUsage || !strings.Contains(errOut.String(), "does not say where the milter listens") {
		t.Errorf("got exit code %d and %q, want wrong usage that says why", code, errOut.String())
	}
}
