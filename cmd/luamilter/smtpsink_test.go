package main_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
)

// delivery is one mail as Postfix handed it on.
type delivery struct {
	from       string // without <>
	fromParams []string
	to         []recipient
	data       string // CRLF lines, dots unstuffed
}

// recipient is a RCPT command.
type recipient struct {
	address string // without <>
	params  []string
}

// header returns the values of all fields of a name, unfolded as textproto does.
func (d *delivery) header(name string) []string {
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(d.data))).ReadMIMEHeader()
	if err != nil && err != io.EOF {
		return []string{"unreadable header: " + err.Error()}
	}
	return h[textproto.CanonicalMIMEHeaderKey(name)]
}

// fieldNames lists the names of the header fields in their order.
func (d *delivery) fieldNames() []string {
	head, _, _ := strings.Cut(d.data, "\r\n\r\n")
	var names []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			names = append(names, name)
		}
	}
	return names
}

// body is what follows the empty line.
func (d *delivery) body() string {
	_, body, _ := strings.Cut(d.data, "\r\n\r\n")
	return body
}

// addresses lists the recipients in sorted order.
func (d *delivery) addresses() []string {
	var list []string
	for _, r := range d.to {
		list = append(list, r.address)
	}
	slices.Sort(list)
	return list
}

// sink is an SMTP server that keeps all it gets.
type sink struct {
	listener net.Listener
	wg       sync.WaitGroup
	mu       sync.Mutex
	got      []*delivery
	conns    map[net.Conn]bool
}

func startSink(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{listener: l, conns: map[net.Conn]bool{}}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.mu.Unlock()
			s.wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

func (s *sink) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// serve talks to one client. DSN is offered so that the parameters of recipients arrive.
func (s *sink) serve(c net.Conn) {
	defer c.Close()
	tp := textproto.NewConn(c)
	tp.PrintfLine("220 sink.example ESMTP")
	d := &delivery{}
	for {
		line, err := tp.ReadLine()
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			tp.PrintfLine("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 SIZE")
			continue
		case "MAIL":
			d = &delivery{}
			d.from, d.fromParams = path(arg)
		case "RCPT":
			address, params := path(arg)
			d.to = append(d.to, recipient{address, params})
		case "DATA":
			tp.PrintfLine("354 go on")
			data, err := readData(tp)
			if err != nil {
				return
			}
			d.data = data
			s.mu.Lock()
			s.got = append(s.got, d)
			s.mu.Unlock()
		case "QUIT":
			tp.PrintfLine("221 bye")
			return
		}
		tp.PrintfLine("250 ok")
	}
}

// path splits `FROM:<a@b> SIZE=1 BODY=8BITMIME`.
func path(arg string) (address string, params []string) {
	_, rest, _ := strings.Cut(arg, ":<")
	address, rest, _ = strings.Cut(rest, ">")
	return address, strings.Fields(rest)
}

// readData reads up to the line with a dot. textproto's DotReader would turn CRLF into LF.
func readData(tp *textproto.Conn) (string, error) {
	var buf bytes.Buffer
	for {
		line, err := tp.R.ReadBytes('\n')
		if err != nil {
			return "", err
		}
		if bytes.Equal(line, []byte(".\r\n")) {
			return buf.String(), nil
		}
		if line[0] == '.' {
			line = line[1:]
		}
		buf.Write(line)
	}
}

// all returns the mails so far whose envelope holds the recipient.
func (s *sink) all(address string) []*delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*delivery
	for _, d := range s.got {
		if slices.ContainsFunc(d.to, func(r recipient) bool { return r.address == address }) {
			found = append(found, d)
		}
	}
	return found
}

// wait returns the mail to a recipient once it is there; it has to be the only one.
func (s *sink) wait(t *testing.T, address string) *delivery {
	t.Helper()
	var found []*delivery
	eventually(t, "a mail to "+address+" arrives", func() bool {
		found = s.all(address)
		return len(found) > 0
	})
	if len(found) > 1 {
		t.Fatalf("got %d mails to %s, want 1", len(found), address)
	}
	return found[0]
}
