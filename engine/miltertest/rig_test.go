package miltertest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// milter plays a filter over a pipe. It keeps what it gets, and answers each command with the frames of answers, or with
// "continue".
type milter struct {
	answers map[byte][]string
	mu      sync.Mutex
	frames  []string
	serving sync.WaitGroup
}

func (m *milter) dial(context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	m.serving.Go(func() {
		defer there.Close()
		m.serve(there)
	})
	return here, nil
}

func (m *milter) serve(conn net.Conn) {
	for {
		var size [4]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(conn, frame); err != nil {
			return
		}
		m.mu.Lock()
		m.frames = append(m.frames, string(frame))
		m.mu.Unlock()
		answers, ok := m.answers[frame[0]]
		switch {
		case ok:
		case frame[0] == 'O':
			answers = []string{"O\x00\x00\x00\x06\x00\x00\x01\xff\x00\x00\x00\x00"}
		case frame[0] == 'A' || frame[0] == 'D' || frame[0] == 'Q':
		default:
			answers = []string{"c"}
		}
		for _, answer := range answers {
			_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...))
		}
	}
}

// sent gives the frames of a command. All connections have to have ended.
func (m *milter) sent(command byte) []string {
	m.serving.Wait()
	var frames []string
	for _, frame := range m.frames {
		if frame[0] == command {
			frames = append(frames, frame[1:])
		}
	}
	return frames
}

// runScript runs a script against a milter, and gives what it prints.
func runScript(t *testing.T, m *milter, source string) (string, error) {
	t.Helper()
	return runWith(t, Options{Source: source, Filter: &Filter{Dial: m.dial}})
}

func runWith(t *testing.T, o Options) (string, error) {
	t.Helper()
	var out bytes.Buffer
	o.Name, o.Out, o.Err = "script.lua", &out, &out
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	err := Run(context.Background(), o)
	return out.String(), err
}

// wantFailure demands that a script has failed with a message.
func wantFailure(t *testing.T, err error, want string) {
	t.Helper()
	var failure *ScriptError
	if !errors.As(err, &failure) || failure.Message != want {
		t.Errorf("error: got %v, want %s", err, want)
	}
}
