package main_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// rawMilter is the MTA's end of a milter connection. It shares no code with package protocol, so that a mistake
// there does not hide itself here.
type rawMilter struct {
	c net.Conn
	r *bufio.Reader
}

// What is offered: the actions of version 6, and none of the steps that spare a reply, so that each command is answered.
const (
	offerActions = 0x1ff
	offerSteps   = 0
)

// dialRaw connects and negotiates.
func dialRaw(listen string) (*rawMilter, error) {
	c, err := dial(listen)
	if err != nil {
		return nil, err
	}
	m := &rawMilter{c: c, r: bufio.NewReaderSize(c, 512)}
	offer := binary.BigEndian.AppendUint32(nil, 6)
	offer = binary.BigEndian.AppendUint32(offer, offerActions)
	offer = binary.BigEndian.AppendUint32(offer, offerSteps)
	if reply, _, err := m.exchange('O', string(offer)); err != nil || reply != 'O' {
		c.Close()
		return nil, fmt.Errorf("negotiate: reply %q, %v", reply, err)
	}
	return m, nil
}

// mustDialRaw is dialRaw for the goroutine of a test, which closes the connection at its end.
func mustDialRaw(t *testing.T, listen string) *rawMilter {
	t.Helper()
	m, err := dialRaw(listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.c.Close() })
	return m
}

func (m *rawMilter) send(code byte, payload string) error {
	frame := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)))
	_, err := m.c.Write(append(append(frame, code), payload...))
	return err
}

// exchange sends a command and reads one reply to it.
func (m *rawMilter) exchange(code byte, payload string) (reply byte, data string, err error) {
	m.c.SetDeadline(time.Now().Add(patience))
	if err := m.send(code, payload); err != nil {
		return 0, "", err
	}
	return m.receive()
}

func (m *rawMilter) receive() (reply byte, data string, err error) {
	var head [5]byte
	if _, err := io.ReadFull(m.r, head[:]); err != nil {
		return 0, "", err
	}
	buf := make([]byte, binary.BigEndian.Uint32(head[:])-1)
	_, err = io.ReadFull(m.r, buf)
	return head[4], string(buf), err
}

// connect sends CONNECT and HELO of a client at 192.0.2.1 to 192.0.2.255.
func (m *rawMilter) connect(n int) error {
	address := fmt.Sprintf("192.0.2.%d", 1+n%255)
	for _, step := range []struct {
		code    byte
		payload string
	}{
		{'C', "client.example\x004\x04\x01" + address + "\x00"},
		{'H', "client.example\x00"},
	} {
		if reply, data, err := m.exchange(step.code, step.payload); err != nil || reply != 'c' {
			return fmt.Errorf("%c: reply %q %q, %w", step.code, reply, data, err)
		}
	}
	return nil
}

// message sends a whole message that has to be let pass, with one added header field.
func (m *rawMilter) message() error {
	for _, step := range []struct {
		code    byte
		payload string
		want    byte
	}{
		{'M', "<a@client.example>\x00", 'c'},
		{'R', "<b@here.example>\x00", 'c'},
		{'L', "Subject\x00test\x00", 'c'},
		{'B', "Hello.\r\n", 'c'},
		{'E', "", 'h'},
	} {
		if reply, data, err := m.exchange(step.code, step.payload); err != nil || reply != step.want {
			return fmt.Errorf("%c: reply %q %q, %w", step.code, reply, data, err)
		}
	}
	if reply, data, err := m.receive(); err != nil || reply != 'c' && reply != 'a' {
		return fmt.Errorf("end of message: reply %q %q, %w", reply, data, err)
	}
	return nil
}
