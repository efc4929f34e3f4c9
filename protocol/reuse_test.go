package protocol

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// kept is a string of an Event as it is, and a copy of what it was.
type kept struct{ now, then string }

// keepingSession keeps every string that it may.
type keepingSession struct {
	returns func() bool // whether it has kept nothing of a chunk

	trace    []string
	kept     []kept
	returned bool
	places   map[*byte]int // where chunks lay, and how many
}

func (s *keepingSession) NewSession(Peer, Session) Session { return s }
func (s *keepingSession) Negotiate(Offer) Options {
	return Options{Steps: StepNoReplyHeader | StepNoReplyBody}
}
func (s *keepingSession) Negotiated(Options) {}

func (s *keepingSession) Handle(_ context.Context, ev *Event) (Verdict, error) {
	line := describe(ev)
	ev.Macros.All(func(stage, name, value string) bool {
		line += fmt.Sprintf(" %s:%s=%s", stage, name, value)
		s.keep(name, value)
		return true
	})
	s.trace = append(s.trace, line)
	s.keep(ev.Hostname, ev.Address, ev.Name, ev.Value, ev.Mailbox)
	s.keep(ev.Params...)
	if ev.Code != CodeBody {
		return Verdict{}, nil
	}
	if s.places == nil {
		s.places = map[*byte]int{}
	}
	s.places[unsafe.StringData(ev.Body)]++
	if s.returned = s.returns(); !s.returned {
		s.keep(ev.Body)
	}
	return Verdict{}, nil
}

func (s *keepingSession) keep(list ...string) {
	for _, text := range list {
		s.kept = append(s.kept, kept{text, strings.Clone(text)})
	}
}

// check says what has become another.
func (s *keepingSession) check(t testing.TB) {
	t.Helper()
	for _, k := range s.kept {
		if k.now != k.then {
			t.Errorf("%.40q has become %.40q", k.then, k.now)
		}
	}
}

// returningSession is one that the Server asks.
type returningSession struct{ *keepingSession }

func (s returningSession) NewSession(Peer, Session) Session { return s }
func (s returningSession) BodyReturned() bool               { return s.returned }

func always() bool { return true }
func never() bool  { return false }

// bodyStream is a message whose body has so many full chunks, with a frame in front of each.
func bodyStream(chunks int, between func(i int) string) string {
	in := frame(optneg(offerV6)) + frame(fConnect) + frame("DMi\x00Q1\x00") + frame(fMail) + frame(fRcpt) + frame(fHeader) + frame("N")
	for i := range chunks {
		in += between(i) + frame("B"+strings.Repeat(string(rune('a'+i%26)), 65535))
	}
	return in + frame("E") + frame("Q")
}

func queueID(int) string { return frame("DBi\x00Q1\x00") }

func TestChunksAreReadOverThoseReturned(t *testing.T) {
	const chunks = 40
	tests := []struct {
		name    string
		between func(i int) string
		handler func(s *keepingSession) Handler
		returns func() bool
		most    int // places of chunks
		least   int
	}{
		{"all are returned", func(int) string { return "" }, returning, always, 6, 1},
		{"with the queue id in front of each", queueID, returning, always, 6, 1},
		{"with another macro in front of each", func(i int) string { return frame(fmt.Sprintf("DB{n}\x00%d\x00", i)) }, returning, always, 6, 1},
		{"none is returned", queueID, returning, never, chunks, chunks},
		{"the session can't be asked", queueID, func(s *keepingSession) Handler { return s }, always, chunks, chunks},
		{"a command that may be kept is in front of each", func(int) string { return frame("UNOOP\x00") }, returning, always, chunks, chunks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &keepingSession{returns: tt.returns}
			converse(tt.handler(s), slog.New(slog.DiscardHandler), bodyStream(chunks, tt.between))
			s.check(t)
			if n := len(s.places); n > tt.most || n < tt.least {
				t.Errorf("chunks lay in %d places, want %d to %d", n, tt.least, tt.most)
			}
		})
	}
}

func returning(s *keepingSession) Handler { return returningSession{s} }

func TestChunkThatIsKeptStays(t *testing.T) {
	n := 0
	s := &keepingSession{returns: func() bool { n++; return n%7 != 0 }}
	converse(returning(s), slog.New(slog.DiscardHandler), bodyStream(100, queueID))
	s.check(t)
	if n := len(s.places); n > 50 {
		t.Errorf("100 chunks lay in %d places", n)
	}
}

// segmentConn counts the segments that are read into.
type segmentConn struct {
	*scriptConn
	ends map[*byte]bool
}

func (c *segmentConn) Read(p []byte) (int, error) {
	c.ends[&p[:cap(p)][cap(p)-1]] = true
	return c.scriptConn.Read(p)
}

func TestBodyThatNobodyIsGivenIsReadOver(t *testing.T) {
	refuse := handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
		if ev.Code == CodeBody {
			t.Error("the session got the body")
		}
		return Verdict{Kind: VerdictReject}, nil
	})
	server := &Server{Handler: refuse, Log: slog.New(slog.DiscardHandler)}
	server.start()
	nc := &segmentConn{&scriptConn{in: []string{bodyStream(100, queueID)}}, map[*byte]bool{}}
	newConn(server, nc, Peer{"mta", "1"}).serve()
	if n := len(nc.ends); n > 6 {
		t.Errorf("read into %d segments", n)
	}
}

func TestSegmentThatIsHeldIsNotUsedAgain(t *testing.T) {
	full := strings.Repeat("x", segmentMax)
	for _, back := range []bool{true, false} {
		f := &frameReader{}
		if _, _, err := readFrames(f, &chunkReader{frame("B" + full[:40000]), 1 << 20}); err != io.EOF {
			t.Fatal(err)
		}
		want(t, "segment", len(f.seg), segmentMax)
		if back {
			f.takeBack()
		}
		before := &f.seg[0]
		f.rest()
		want(t, "segment after a message", len(f.seg), 0)
		for range 20 { // what the pool has
			again := newSegment(segmentMax)
			if &again[0] == before && !back {
				t.Fatal("a segment that is held is used again")
			}
		}
	}
}

// anyMessages is what an MTA may send: messages of all sizes, each of which it waits for.
func anyMessages(r *rand.Rand) (list []string) {
	b := new(strings.Builder)
	b.WriteString(frame(optneg(offerV6)) + frame("DCj\x00host\x00") + frame(fConnect) + frame(fHelo))
	text := func(most int) string {
		buf := make([]byte, r.IntN(most)+1)
		for i := range buf {
			buf[i] = byte('a' + r.IntN(26))
		}
		return string(buf)
	}
	for range r.IntN(3) + 1 {
		b.WriteString(frame("DMi\x00"+text(9)+"\x00") + frame("M<"+text(9)+">\x00SIZE=5\x00") + frame("R<"+text(9)+">\x00"))
		for range r.IntN(4) {
			b.WriteString(frame("DLi\x00"+text(9)+"\x00") + frame("L"+text(9)+"\x00"+text(2000)+"\x00"))
		}
		b.WriteString(frame("N"))
		for range r.IntN(12) {
			if r.IntN(3) > 0 {
				b.WriteString(frame("DBi\x00" + text(9) + "\x00"))
			}
			if r.IntN(9) == 0 {
				b.WriteString(frame("U" + text(20000) + "\x00"))
			}
			b.WriteString(frame("B" + text([]int{10, 5000, 65535}[r.IntN(3)])))
		}
		last := ""
		if r.IntN(4) == 0 {
			last = text(40000)
		}
		b.WriteString(frame("DEi\x00"+text(9)+"\x00") + frame("E"+last))
		list = append(list, b.String())
		b.Reset()
	}
	return append(list, frame("Q"))
}

// cutAnyhow cuts what is sent into pieces.
func cutAnyhow(r *rand.Rand, list []string) (pieces []string) {
	most := []int{100, 4096, 70000, 1 << 20}[r.IntN(4)]
	for _, in := range list {
		for in != "" {
			n := min(len(in), r.IntN(most)+1)
			pieces = append(pieces, in[:n])
			in = in[n:]
		}
	}
	return pieces
}

func TestReadingOverChangesNothingThatIsSeen(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		messages := anyMessages(r)
		plain := &keepingSession{returns: never}
		want := converse(plain, slog.New(slog.DiscardHandler), slices.Clone(messages)...).out.String()
		s := &keepingSession{returns: func() bool { return r.IntN(4) > 0 }}
		got := converse(returning(s), slog.New(slog.DiscardHandler), cutAnyhow(r, messages)...).out.String()
		s.check(t)
		if got != want || strings.Join(s.trace, "\n") != strings.Join(plain.trace, "\n") {
			t.Fatalf("seed %d: the session saw something else, or the MTA did", seed)
		}
	}
}

func TestReadingOverChangesNothingThatASocketSends(t *testing.T) {
	for _, loops := range []int{0, 1} {
		t.Run(fmt.Sprintf("%d loops", loops), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			s := &keepingSession{returns: func() bool { return r.IntN(20) > 0 }}
			server := &Server{Handler: returning(s), Log: slog.New(slog.DiscardHandler), Loops: loops}
			l, err := net.Listen("unix", t.TempDir()+"/s")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- server.Serve(l) }()
			stream := bodyStream(200, queueID)
			nc, err := net.Dial("unix", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.WriteString(nc, stream) }()
			if _, err := io.Copy(io.Discard, nc); err != nil { // until the Server hangs up
				t.Fatal(err)
			}
			if err := server.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			<-served
			s.check(t)
			plain := &keepingSession{returns: never}
			converse(plain, slog.New(slog.DiscardHandler), stream)
			if strings.Join(s.trace, "\n") != strings.Join(plain.trace, "\n") {
				t.Error("the session saw something else")
			}
			if n := len(s.places); n > 100 {
				t.Errorf("200 chunks lay in %d places", n)
			}
		})
	}
}
