package main_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// recorder is a milter that keeps the frames that it gets. It answers negotiation with what the head of a script says,
//
//	-- steps: NUMBER     what it asks for of the protocol; 0 if the head does not say
//	-- actions: NUMBER   what it wants to change; all if the head does not say
//
// and each command with "continue", or with these frames, of which there may be none:
//
//	-- reply: COMMAND "FRAME" ...
//	-- reply: COMMAND close
type recorder struct {
	path     string
	listener net.Listener
	steps    uint32
	actions  uint32
	replies  map[byte][]string
	serving  sync.WaitGroup

	mu    sync.Mutex
	conns []*strings.Builder // what came over each, in their order
}

func newRecorder(t *testing.T, head map[string][]string) *recorder {
	t.Helper()
	r := &recorder{path: filepath.Join(shortTempDir(t), "s"), actions: 0x1ff, replies: map[byte][]string{}}
	for key, field := range map[string]*uint32{"steps": &r.steps, "actions": &r.actions} {
		for _, value := range head[key] {
			n, err := strconv.ParseUint(value, 0, 32)
			if err != nil {
				t.Fatal(err)
			}
			*field = uint32(n)
		}
	}
	for command := range strings.SplitSeq("C H M R T L N B U E", " ") {
		r.replies[command[0]] = []string{"c"}
	}
	for _, reply := range head["reply"] {
		r.replies[reply[0]] = parseFrames(t, reply[1:])
	}
	var err error
	if r.listener, err = net.Listen("unix", r.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop() })
	r.serving.Go(r.accept)
	return r
}

// closing stands for no reply but the end of the connection.
const closing = "close"

// parseFrames reads Go strings.
func parseFrames(t *testing.T, s string) []string {
	t.Helper()
	var frames []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if s == closing {
			return []string{closing}
		}
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		frame, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
		s = s[len(quoted):]
	}
	return frames
}

func (r *recorder) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		kept := &strings.Builder{}
		r.mu.Lock()
		r.conns = append(r.conns, kept)
		r.mu.Unlock()
		r.serving.Go(func() {
			defer conn.Close()
			r.serve(conn, kept)
		})
	}
}

func (r *recorder) serve(conn net.Conn, kept *strings.Builder) {
	for {
		var size [4]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(conn, frame); err != nil {
			fmt.Fprintf(kept, "%v\n", err)
			return
		}
		fmt.Fprintf(kept, "%q\n", frame)
		replies := r.replies[frame[0]]
		if frame[0] == 'O' {
			answer := binary.BigEndian.AppendUint32([]byte("O"), 6)
			answer = binary.BigEndian.AppendUint32(answer, r.actions)
			replies = []string{string(binary.BigEndian.AppendUint32(answer, r.steps))}
		}
		for _, reply := range replies {
			if reply == closing {
				return
			}
			if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(reply))), reply...)); err != nil {
				return
			}
		}
	}
}

// stop ends the milter when its connections have ended, and gives the frames of each.
func (r *recorder) stop() string {
	r.listener.Close()
	r.serving.Wait()
	var all strings.Builder
	for i, kept := range r.conns {
		fmt.Fprintf(&all, "connection %d\n%s", i+1, kept)
	}
	return all.String()
}
