package main_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brokenMilter listens, and answers the first command with bytes of the test's, the next ones with more.
type brokenMilter struct {
	answers []string
	hold    bool // the connection stays open when there are no more answers
}

// serve handles one connection, and gives the address to connect to.
func (b brokenMilter) serve(t *testing.T) string {
	t.Helper()
	path := filepath.Join(shortTempDir(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for _, answer := range b.answers {
			if err := readFrame(conn); err != nil {
				return
			}
			io.WriteString(conn, answer)
		}
		if b.hold {
			io.Copy(io.Discard, conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return "unix:" + path
}

// readFrame reads commands up to one that is to be answered.
func readFrame(conn net.Conn) error {
	for {
		var head [5]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head[:]))-1); err != nil {
			return err
		}
		if head[4] != 'D' {
			return nil
		}
	}
}

func frame(code byte, payload string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)))) + string(code) + payload
}

// agreed is the answer to the negotiation of a milter that wants no change and every step.
func agreed() string { return frame('O', "\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00") }

func TestSendSaysWhatIsWrongWithAMilter(t *testing.T) {
	for _, c := range []struct {
		name    string
		milter  brokenMilter
		timeout string
		want    []string // in the error
	}{
		{"an SMTP server", brokenMilter{answers: []string{"220 mx.example.org ESMTP\r\n"}}, "30s",
			[]string{"negotiate: ", `what came begins with "220 mx.example.org ESMTP\r\n" as an SMTP or FTP server says it`}},
		{"an HTTP server", brokenMilter{answers: []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}}, "30s", []string{"as an HTTP server says it"}},
		{"orders to the terminal", brokenMilter{answers: []string{"\x1b[2J\u009b"}}, "30s", []string{`begins with "\x1b[2J\u009b"`}},
		{"a frame of zero length", brokenMilter{answers: []string{"\x00\x00\x00\x00"}}, "30s", []string{"negotiate: reply of zero length"}},
		{"a verdict for an answer to the negotiation", brokenMilter{answers: []string{frame('c', "")}}, "30s", []string{"negotiate: answered with continue"}},
		{"what was not offered", brokenMilter{answers: []string{frame('O', "\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00")}}, "30s",
			[]string{"version 9 answers an offer of 6"}},
		{"the connection is closed at once", brokenMilter{}, "30s", []string{"negotiate: the milter closed the connection"}},
		{"it is closed later", brokenMilter{answers: []string{agreed(), frame('c', "")}}, "30s", []string{"helo: the milter closed the connection"}},
		{"half an answer", brokenMilter{answers: []string{agreed(), "\x00\x00"}}, "30s",
			[]string{"connect: the milter closed the connection", `what came begins with "\x00\x00"`}},
		{"nothing is said", brokenMilter{hold: true}, "50ms", []string{"nothing came in 50ms: is that a milter?"}},
		{"it falls silent", brokenMilter{answers: []string{agreed()}, hold: true}, "50ms", []string{"connect: no whole answer in 50ms"}},
		{"another code for an answer", brokenMilter{answers: []string{agreed(), frame('Z', "")}}, "30s", []string{"connect: answered with reply 0x5a"}},
		{"a reply that is none", brokenMilter{answers: []string{agreed(), frame('y', "hello\x00")}}, "30s", []string{"connect: ", `begins with "\x00\x00\x00\ayhello\x00"`}},
		{"a change at the wrong place", brokenMilter{answers: []string{agreed(), frame('h', "X\x00y\x00")}}, "30s", []string{"connect: answered with addheader"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := c.milter.serve(t)
			cmd := exec.Command(commandPath(t), "send", "--milter", address, "--timeout", c.timeout, "-")
			cmd.Stdin = strings.NewReader("Subject: x\n\ntext\n")
			var out, errOut bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errOut
			err := cmd.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("got %v, want exit code 1", err)
			}
			got := errOut.String()
			for _, want := range append(c.want, "luamilter: "+address+": ") {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
			if strings.Count(got, "\n") != 1 || strings.ContainsAny(got+out.String(), "\x1b\u009b") {
				t.Errorf("got %q", got)
			}
			if !strings.HasPrefix(out.String(), "> NEGOTIATE\n") {
				t.Errorf("stdout: got %q", &out)
			}
		})
	}
}
