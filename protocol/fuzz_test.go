package protocol

import (
	"bytes"
	"context"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

// FuzzFrameReader: however a stream is cut into reads, the frames put together are the stream up to
// the error or the frame that is cut.
func FuzzFrameReader(f *testing.F) {
	f.Add([]byte(frame("Hx\x00")+frame("Q")), 1, true)
	f.Add([]byte("\x00\x00\x00\x00"), 3, true)
	f.Add([]byte("\x00\x01\x00\x02E"), 100, true)
	f.Add([]byte(frame("B"+strings.Repeat("x", 5000))+frame("Q")), 1000, false)
	f.Fuzz(func(t *testing.T, stream []byte, n int, body bool) {
		fr := &frameReader{body: body}
		got, largest, err := readFrames(fr, &chunkReader{string(stream), max(1, n)})
		if err == nil {
			t.Fatal("no error at the end")
		}
		var back []byte
		for _, g := range got {
			back = append(back, frame(g)...)
		}
		if !bytes.HasPrefix(stream, back) {
			t.Errorf("got %q of %q", back, stream)
		}
		if largest > max(segmentMin, 5*len(stream)) {
			t.Errorf("%d bytes of memory for %d", largest, len(stream))
		}
	})
}

// FuzzEvent: what is decoded encodes to what came in, or, where the input was not plain, to what
// decodes to the same.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{fConnect, fHelo, fMail, fRcpt, fHeader, fBody, "T", "N", "E", "Elast", "UX\x00",
		"Ch\x00U", "Ch\x00L\x00\x00/x\x00", "Ch\x006\x00\x19IPv6:::1\x00", "LA\x00 b\x00"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, wire string, leadingSpace bool) {
		if wire == "" || len(wire) > maxBodyFrame {
			return
		}
		switch Code(wire[0]) {
		case CodeConnect, CodeHelo, CodeMail, CodeRcpt, CodeHeader, CodeBody, CodeEOM, CodeUnknown, CodeData, CodeEOH:
		default:
			return
		}
		var ev Event
		if err := decodeEvent(&ev, Code(wire[0]), wire[1:], leadingSpace); err != nil {
			if !strings.HasPrefix(err.Error(), "decode "+Code(wire[0]).String()+": ") {
				t.Errorf("error %q does not name the command", err)
			}
			return
		}
		out, err := appendEvent(nil, &ev, leadingSpace)
		if err != nil {
			t.Fatal(err)
		}
		if string(out) == frame(wire) {
			return
		}
		if ev.Code != CodeConnect {
			t.Errorf("got %q, want %q", out[4:], wire)
		}
		var again Event
		if err := decodeEvent(&again, ev.Code, string(out[5:]), leadingSpace); err != nil {
			t.Fatal(err)
		}
		want(t, "event", again, ev)
	})
}

func FuzzMacros(f *testing.F) {
	f.Add("Cj\x00host\x00{daemon_name}\x00smtpd\x00")
	f.Add("Mi\x00")
	f.Add("E")
	f.Fuzz(func(t *testing.T, wire string) {
		code, pairs, err := decodeMacroCode(wire)
		if err != nil {
			return
		}
		list, err := appendMacros(nil, pairs)
		if err != nil {
			if len(list) != 0 {
				t.Errorf("%q with an error", list)
			}
			return
		}
		out, err := appendMacroFrame(nil, code, list)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "macros", string(out), frame("D"+wire))
		var m Macros
		if err := m.receive(code, pairs); err != nil {
			t.Fatal(err)
		}
		m.All(func(_, name, _ string) bool {
			if _, ok := m.Get(name); !ok {
				t.Errorf("macro %q is not found", name)
			}
			return true
		})
	})
}

func FuzzReply(f *testing.F) {
	for _, s := range []string{"550 5.7.1 no", "550-5.7.1 a\r\n550 5.7.1 b", "421 4.7.0 bye", "550 5.7.1", "450 100%%",
		"550-5.7.1 a\r\n550 b", "550 5.7.1 5.7.1 x", "550 "} {
		f.Add("y" + s + "\x00")
	}
	f.Add("c")
	f.Fuzz(func(t *testing.T, wire string) {
		if wire == "" {
			return
		}
		v, ok, err := decodeVerdict(ReplyCode(wire[0]), wire[1:])
		if err != nil || !ok {
			want(t, "verdict with an error", v, Verdict{})
			return
		}
		if err := v.replyCheck(); err != nil {
			t.Fatal(err)
		}
		want(t, "reply", string(appendVerdict(nil, &v)), frame(wire))
	})
}

func FuzzChange(f *testing.F) {
	for _, s := range []string{"hA\x00b\x00", "i\x00\x00\x00\x01A\x00 b\x00", "m\x00\x00\x00\x01A\x00\x00", "m\x00\x00\x00\x01A\x00 \x00",
		"+<a>\x00", "-a\x00", "2<a>\x00N=1\x00", "e<>\x00", "qx\x00", "bx", "-<<a>>\x00", "2<a>\x00\x00"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, wire string, leadingSpace bool) {
		if wire == "" {
			return
		}
		c, ok, err := decodeChange(ReplyCode(wire[0]), wire[1:], leadingSpace)
		if err != nil || !ok {
			want(t, "change with an error", c, Change{})
			return
		}
		if strings.Contains(c.String(), "\n") {
			t.Errorf("%q is not one line", c.String())
		}
		if c.Code == ReplyReplaceBody {
			want(t, "body", c.Value, wire[1:])
			return
		}
		out := string(appendChange(nil, &c, leadingSpace))
		if out == frame(wire) {
			return
		}
		switch c.Code { // an address without <>, or with empty parameters, comes back plain
		case ReplyAddRcpt, ReplyAddRcptPar, ReplyDelRcpt, ReplyChangeFrom:
		default:
			t.Errorf("got %q, want %q", out, frame(wire))
		}
		again, _, err := decodeChange(ReplyCode(out[4]), out[5:], leadingSpace)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "change", again, c)
	})
}

func FuzzOptNeg(f *testing.F) {
	f.Add(string(appendOptions(nil, Options{6, 0x1ff, 0x1fffff, map[Stage][]string{StageMail: {"i", "{auth_authen}"}, StageHelo: {}}})[5:]))
	f.Add(optneg(offerV6)[1:])
	f.Add("short")
	f.Fuzz(func(t *testing.T, data string) {
		offer, err := decodeOffer(data)
		if err != nil {
			want(t, "offer with an error", offer, Offer{})
			return
		}
		want(t, "offer", string(appendOffer(nil, offer)), frame("O"+data[:12]))
		got, err := decodeOptions(data)
		if err != nil {
			want(t, "options with an error", got, Options{})
			return
		}
		// Stages may come in any order and names with any separator, so the bytes may differ.
		again, err := decodeOptions(string(appendOptions(nil, got)[5:]))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, got) {
			t.Errorf("got %v, want %v", again, got)
		}
		offer = offer.normalized()
		if answer, _ := offer.answer(got); offer.Version >= MinVersion {
			if err := offer.checkAnswer(answer); err != nil {
				t.Errorf("an MTA would hang up: %v", err)
			}
		}
	})
}

func FuzzParseAddr(f *testing.F) {
	for _, s := range []string{"unix:/run/x", "/run/x", "inet:7357@127.0.0.1", "inet:[::1]:7357", "inet6:7357@::1", "fd:3", "systemd",
		"inet:host.example:25"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		network, address, err := ParseAddr(s)
		if err != nil {
			want(t, "address with an error", network+address, "")
			return
		}
		form := s
		switch network {
		case "tcp", "tcp4":
			form = "inet:" + address
		case "tcp6":
			form = "inet6:" + address
		case "unix":
			form = "unix:" + address
		case "fd":
			form = "fd:" + address
		}
		if network != "unix" && strings.HasPrefix(address, ":") {
			form = strings.Replace(form, "::", ":", 1) // no host
		}
		n, a, err := ParseAddr(form)
		if err != nil || n != network || a != address {
			t.Errorf("%q gives %q %q, and %q gives %q %q %v", s, network, address, form, n, a, err)
		}
	})
}

// fuzzSession answers by the bytes it gets, and checks the order of the events.
type fuzzSession struct {
	t         *testing.T
	inMessage bool
	closed    bool
}

func (s *fuzzSession) NewSession(Peer, Session) Session { return &fuzzSession{t: s.t} }

func (s *fuzzSession) Negotiate(Offer) Options {
	return Options{Actions: AllActions, Steps: StepSkip | StepNoReplyHeader | StepNoEOH | StepLeadingSpace,
		Macros: map[Stage][]string{StageMail: {"i"}}}
}

func (s *fuzzSession) Negotiated(Options) {}

func (s *fuzzSession) Handle(_ context.Context, ev *Event) (Verdict, error) {
	if s.closed {
		s.t.Errorf("%v after close", ev.Code)
	}
	switch ev.Code {
	case CodeMail:
		if s.inMessage {
			s.t.Error("mail in a message")
		}
		s.inMessage = true
	case CodeAbort, CodeRcpt, CodeData, CodeHeader, CodeBody, CodeEOM:
		if !s.inMessage {
			s.t.Errorf("%v without mail", ev.Code)
		}
		s.inMessage = ev.Code != CodeAbort && ev.Code != CodeEOM
	case CodeClose:
		if s.inMessage {
			s.t.Error("close in a message")
		}
		s.closed = true
	case CodeEOH:
		s.t.Error("eoh was turned off")
	}
	ev.Macros.Get("i")
	if err := ev.Progress(); err != nil {
		s.t.Error(err)
	}
	kind := VerdictKind(len(ev.Mailbox+ev.Value+ev.Body+ev.Name) % 16)
	if kind > VerdictShutdown {
		kind = VerdictContinue
	}
	if kind.final() && ev.Code != CodeUnknown && (kind != VerdictReject && kind != VerdictTempfail || ev.Code != CodeRcpt) {
		s.inMessage = false
	}
	return Verdict{Kind: kind, Changes: []Change{{Code: ReplyAddHeader, Name: ev.Code.String(), Value: "x"}, {Code: ReplyReplaceBody}}}, nil
}

// FuzzConnection gives a server connection any bytes: it ends, says only whole frames, and the
// Session sees events in the order of the contract.
func FuzzConnection(f *testing.F) {
	for _, d := range dialogues {
		stream := frame(optneg(offerV6))
		for _, s := range d.send {
			stream += frame(s)
		}
		f.Add([]byte(stream), uint16(len(stream)))
		f.Add([]byte(stream), uint16(7))
	}
	f.Fuzz(func(t *testing.T, stream []byte, cut uint16) {
		in := string(stream)
		var pieces []string
		for len(in) > 0 {
			n := min(len(in), int(cut)+1)
			pieces = append(pieces, in[:n])
			in = in[n:]
		}
		nc := converse(&fuzzSession{t: t}, slog.New(slog.DiscardHandler), pieces...)
		if !nc.closed {
			t.Error("the connection is open")
		}
		for _, reply := range frames(t, nc.out.Bytes()) {
			code := ReplyCode(reply[0])
			_, isVerdict, err := decodeVerdict(code, reply[1:])
			_, isChange, err2 := decodeChange(code, reply[1:], true)
			if err != nil || err2 != nil || !isVerdict && !isChange && code != ReplyProgress && Code(code) != CodeOptNeg {
				t.Errorf("sent %q: %v %v", reply, err, err2)
			}
		}
	})
}

// FuzzClient gives the Client any bytes for an answer: it ends, and a change is one it can name.
func FuzzClient(f *testing.F) {
	options := answerTo(Options{Version: 6, Actions: AllActions, Steps: StepSkip | StepLeadingSpace})
	f.Add([]byte(options + frame("c") + frame("p") + frame("hA\x00 b\x00") + frame("bx") + frame("a")))
	f.Add([]byte(options + frame("y550 5.7.1 no\x00") + frame("t")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		c := NewClient(&scriptConn{in: []string{string(stream)}})
		if _, err := c.Negotiate(offerV6); err != nil {
			return
		}
		if a, err := c.Mail("<a@b>"); err != nil || len(a.Verdict.Changes) > 0 {
			if err == nil {
				t.Errorf("changes to mail: %v", a)
			}
			return
		}
		a, err := c.EOM()
		if err != nil {
			return
		}
		if err := checkChanges(a.Verdict.Changes, c.got); err != nil {
			t.Error(err)
		}
	})
}
