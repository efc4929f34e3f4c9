package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"luamilter/engine"
	"luamilter/engine/mta"
	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// filterRig is a filter of scripts/ with the settings of a test, behind a server of the real protocol in this process.
type filterRig struct {
	t      *testing.T
	folder string // of the script, and of the files that it finds beside it
	dial   func() (net.Conn, error)
	log    *lockedBuffer
}

// testMail is one mail and who hands it over. What is empty has a default.
type testMail struct {
	hostname string   // of the SMTP client: "unknown", as Postfix says without a PTR record
	ip       string   // 192.0.2.1
	from     string   // of the envelope: a@example.org; <> is the null sender
	to       []string // b@example.net
	macros   []string // name, value, ...: sent with every command
	text     string   // header and body; lines end with LF
}

// filtered is what a filter has made of a mail.
type filtered struct {
	verdict  string // as replay reports it, such as "accept, unchanged" or "reject at mail: 550 5.7.1 no"
	mta.Mail        // with the changes, if it was accepted
}

// newFilter loads scripts/NAME.lua, in which settings replace the lines "local NAME = ...", with files, pairs of name and
// content, beside it. The test fails at its end if a callback has failed.
func newFilter(t *testing.T, name string, settings map[string]string, files ...string) *filterRig {
	t.Helper()
	r := &filterRig{t: t, folder: t.TempDir(), log: &lockedBuffer{}}
	config := filterConfig(r.writeFilter(name, settings, files), slog.New(slog.NewTextHandler(r.log, nil)))
	generation, err := engine.Load(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	host := engine.NewHost(config, generation)
	dial, stop := mta.ServeInside(&protocol.Server{
		Handler: host, Log: config.Log, MaxConnections: 100, IdleTimeout: patience,
	})
	r.dial = dial
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		host.Close()
		if host.Failures() > 0 {
			t.Errorf("the filter failed: %s", r.log)
		}
	})
	return r
}

// filterError is why a filter does not load with these settings; "" if it does.
func filterError(t *testing.T, name string, settings map[string]string, files ...string) string {
	t.Helper()
	r := &filterRig{t: t, folder: t.TempDir()}
	path := r.writeFilter(name, settings, files)
	if _, err := engine.Load(context.Background(), filterConfig(path, slog.New(slog.DiscardHandler))); err != nil {
		return strings.ReplaceAll(err.Error(), r.folder+"/", "")
	}
	return ""
}

// badSetting is a setting with which a filter must not load.
type badSetting struct {
	name, setting, value string
	want                 string // in the error, beside the place
}

func wantBadSettings(t *testing.T, filter string, cases []badSetting, files ...string) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := filterError(t, filter, map[string]string{c.setting: c.value}, files...)
			if !strings.HasPrefix(got, filter+".lua:") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in %s.lua", got, c.want, filter)
			}
		})
	}
}

// filterConfig has one Lua state, so that what a filter keeps in a state is there at the next mail.
func filterConfig(path string, log *slog.Logger) engine.Config {
	return engine.Config{
		Version: "test", Scripts: []string{path}, OnError: engine.OnErrorTempfail, OnOversize: engine.OnErrorTempfail,
		CallbackTimeout: patience, MessageTimeout: patience, States: 1, MaxMessageSize: 64 << 20,
		Memory: guard.NewMemory(0), Log: log,
	}
}

func (r *filterRig) writeFilter(name string, settings map[string]string, files []string) string {
	r.t.Helper()
	source, err := os.ReadFile("../../scripts/" + name + ".lua")
	if err != nil {
		r.t.Fatal(err)
	}
	path := filepath.Join(r.folder, name+".lua")
	if err := os.CopyFS(filepath.Join(r.folder, "lib"), os.DirFS("../../scripts/lib")); err != nil {
		r.t.Fatal(err)
	}
	r.write(name+".lua", withSettings(r.t, string(source), settings))
	for i := 0; i < len(files); i += 2 {
		r.write(files[i], files[i+1])
	}
	return path
}

func (r *filterRig) write(name, content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// withSettings puts Lua expressions in the place of those behind "local NAME =", a table over several lines included. The
// name has to be there once.
func withSettings(t *testing.T, source string, settings map[string]string) string {
	t.Helper()
	for name, expression := range settings {
		setting := regexp.MustCompile(`(?m)^local ` + name + ` = (?:\{\n(?s:.*?)^\}|.*)$`)
		if n := len(setting.FindAllString(source, -1)); n != 1 {
			t.Fatalf("the filter has %d lines that begin with: local %s =", n, name)
		}
		source = setting.ReplaceAllLiteralString(source, "local "+name+" = "+expression)
	}
	return source
}

// put sends one mail through the filter, on a connection of its own.
func (r *filterRig) put(m testMail) filtered {
	r.t.Helper()
	conn, err := r.dial()
	if err != nil {
		r.t.Fatal(err)
	}
	client := protocol.NewClient(conn)
	client.SetTimeout(patience)
	defer client.Close()
	session, err := mta.Open(client, mta.Connection{
		Hostname: m.hostname, Address: m.ip, Helo: "client.example", Macros: mta.Macros{Always: m.macros},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	mail := m.mail()
	result, err := session.Send(&mail)
	if err != nil {
		r.t.Fatalf("put %q: %v", m.text, err)
	}
	_ = session.Quit()
	before, after := mail, result.Delivered(&mail)
	before.Recipients = result.Left
	return filtered{summary(result, &before, &after), after}
}

func (m *testMail) mail() mta.Mail {
	mail := mta.ParseMail(m.text)
	mail.Sender = "a@example.org"
	if m.from != "" {
		mail.Sender = mta.Bare(m.from)
	}
	if len(m.to) == 0 {
		mail.Recipients = []mta.Recipient{{Address: "b@example.net"}}
	}
	for _, to := range m.to {
		mail.Recipients = append(mail.Recipients, mta.Recipient{Address: mta.Bare(to)})
	}
	return mail
}

// wants fails the test if the verdict is another one.
func (f filtered) wants(t *testing.T, verdict string) {
	t.Helper()
	if f.verdict != verdict {
		t.Errorf("verdict: got %q, want %q", f.verdict, verdict)
	}
}

// fields are the values of all header fields of a name, without the first space.
func (f filtered) fields(name string) []string {
	var values []string
	for h := range f.Shown {
		if strings.EqualFold(h.Name, name) {
			values = append(values, strings.TrimPrefix(h.Value, " "))
		}
	}
	return values
}

// envelope is sender and recipients in one line.
func (f filtered) envelope() string {
	var to []string
	for _, r := range f.Recipients {
		to = append(to, r.Address)
	}
	return f.Sender + " -> " + strings.Join(to, " ")
}

// wantLog looks for a text in the log: what a callback logs is there before its verdict is.
func (r *filterRig) wantLog(text string) {
	r.t.Helper()
	if !strings.Contains(r.log.String(), text) {
		r.t.Errorf("no %q in the log: %s", text, r.log)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
