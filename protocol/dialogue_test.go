package protocol

import (
	"log/slog"
	"strings"
	"testing"
)

const (
	fConnect = "Cclient.example\x004\x00\x19192.0.2.1\x00"
	fHelo    = "Hclient.example\x00"
	fMail    = "M<a@example>\x00SIZE=5\x00"
	fRcpt    = "R<b@example>\x00"
	fRcpt2   = "R<c@example>\x00"
	fHeader  = "LSubject\x00hi\x00"
	fBody    = "Bhello\r\n"
)

var (
	reject   = Verdict{Kind: VerdictReject, Reply: Reply{550, "5.7.1", []string{"no"}}}
	tempfail = Verdict{Kind: VerdictTempfail}
	accept   = Verdict{Kind: VerdictAccept}
	discard  = Verdict{Kind: VerdictDiscard}
	shutdown = Verdict{Kind: VerdictShutdown}
	skip     = Verdict{Kind: VerdictSkip}
)

const yReject = "y550 5.7.1 no\x00"

// In these tables "Q" ends the input unless a case is about its absence. Replies are one string per
// frame; the answer to the offer is left out.
var dialogues = []struct {
	name     string
	offer    Offer
	wish     Step
	verdicts map[string]Verdict
	send     []string
	replies  string // joined by "|"
	trace    string // joined by "|"
	log      string // a part of the log at level Info; "" means that there is none
}{
	{
		name:    "Postfix sends a message and an ABORT after it",
		send:    []string{fConnect, fHelo, fMail, fRcpt, "T", fHeader, "N", fBody, "E", "A", "Q"},
		replies: "c|c|c|c|c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|helo client.example|mail <a@example> SIZE=5|rcpt <b@example>|data|header Subject: hi|eoh|body hello|eom|close",
	},
	{
		name:    "Postfix sends ABORT twice after a message and sends another",
		send:    []string{fConnect, fHelo, fMail, fRcpt, "E", "A", "A", fMail, fRcpt, "E", "A", "Q"},
		replies: "c|c|c|c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|helo client.example|mail <a@example> SIZE=5|rcpt <b@example>|eom|mail <a@example> SIZE=5|rcpt <b@example>|eom|close",
	},
	{
		name:    "Sendmail says HELO again after STARTTLS",
		send:    []string{fConnect, fHelo, "Hsecond\x00", fMail, "A", "Q"},
		replies: "c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|helo client.example|helo second|mail <a@example> SIZE=5|abort|close",
	},
	{
		name:    "HELO in a message makes up the missing ABORT",
		send:    []string{fConnect, fMail, fHelo, "Q"},
		replies: "c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|abort|helo client.example|close",
	},
	{
		name:    "MAIL in a message makes up the missing ABORT",
		send:    []string{fConnect, fMail, "DM{auth_authen}\x00u\x00", fMail, fMail, "E", "Q"},
		replies: "c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|abort|mail <a@example> SIZE=5|abort|mail <a@example> SIZE=5|eom|close",
	},
	{
		name:    "ABORT in a message is told once",
		send:    []string{fConnect, fMail, fRcpt, "A", "A", "Q"},
		replies: "c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|abort|close",
	},
	{
		name:    "ABORT before CONNECT is ignored",
		send:    []string{"A", fConnect, "Q"},
		replies: "c",
		trace:   "connect client.example inet 192.0.2.1 25|close",
	},
	{
		name:    "QUIT in a message aborts it",
		send:    []string{fConnect, fMail, "Q"},
		replies: "c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|abort|close",
	},
	{
		name:    "a connection that ends between messages is no news",
		send:    []string{fConnect, fMail, "E"},
		replies: "c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|eom|close",
	},
	{
		name:    "a connection that ends in a message aborts it",
		send:    []string{fConnect, fMail},
		replies: "c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|abort|close",
		log:     "EOF in the middle of a message",
	},
	{
		name:    "QUIT_NC begins a new session with the same options",
		wish:    StepNoReplyHelo,
		send:    []string{fConnect, fHelo, fMail, "K", fConnect, fHelo, "Q"},
		replies: "c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|helo client.example|mail <a@example> SIZE=5|abort|close|session|connect client.example inet 192.0.2.1 25|helo client.example|close",
	},
	{
		name:    "OPTNEG may come again after QUIT_NC",
		send:    []string{fConnect, "K", optneg(Offer{6, 1, AllSteps}), fConnect, "Q"},
		replies: "c|" + string(appendOptions(nil, Options{Version: 6, Actions: 1})[4:]) + "|c",
		trace:   "connect client.example inet 192.0.2.1 25|close|session|connect client.example inet 192.0.2.1 25|close",
	},
	{
		name:    "the header may follow RCPT when DATA was turned off",
		wish:    StepNoData | StepNoEOH,
		send:    []string{fConnect, fMail, fRcpt, fHeader, fBody, "E", "Q"},
		replies: "c|c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|header Subject: hi|body hello|eom|close",
	},
	{
		name:    "without MAIL a message begins with RCPT",
		wish:    StepNoMail,
		send:    []string{fConnect, fRcpt, "E", "A", fRcpt, "A", "Q"},
		replies: "c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|rcpt <b@example>|eom|rcpt <b@example>|abort|close",
	},
	{
		name:    "the end of the message carries the last chunk",
		send:    []string{fConnect, fMail, fRcpt, fBody, "Elast", "Q"},
		replies: "c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|body hello|body last|eom|close",
	},
	{
		name:     "a verdict on the chunk in the end of the message is that of the message",
		verdicts: map[string]Verdict{"body": reject},
		send:     []string{fConnect, fMail, fRcpt, "Elast", "Q"},
		replies:  "c|c|c|" + yReject,
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|body last|close",
	},
	{
		name:     "skip on the chunk in the end of the message goes on",
		wish:     StepSkip,
		verdicts: map[string]Verdict{"body": skip},
		send:     []string{fConnect, fMail, "Elast", "Q"},
		replies:  "c|c|c",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|body last|eom|close",
	},
	{
		name:    "the chunk in the end of the message is dropped where the body is turned off",
		wish:    StepNoBody,
		send:    []string{fConnect, fMail, "Elast", "Q"},
		replies: "c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|eom|close",
	},
	{
		name:     "reject on RCPT concerns that recipient",
		verdicts: map[string]Verdict{"rcpt <b@example>": reject},
		send:     []string{fConnect, fMail, fRcpt, fRcpt2, "E", "Q"},
		replies:  "c|c|" + yReject + "|c|c",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|rcpt <c@example>|eom|close",
	},
	{
		name:     "discard on RCPT concerns the message, which is over for the session",
		verdicts: map[string]Verdict{"rcpt <b@example>": discard},
		send:     []string{fConnect, fMail, fRcpt, fRcpt2, "A", fMail, "Q"},
		replies:  "c|c|d|d|c",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|mail <a@example> SIZE=5|abort|close",
	},
	{
		name:     "a verdict stands until the end of the message",
		verdicts: map[string]Verdict{"mail": tempfail},
		send:     []string{fConnect, fMail, fRcpt, "T", fHeader, "N", fBody, "Elast", fMail, "A", "Q"},
		replies:  "c|t|t|t|t|t|t|t|t",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|mail <a@example> SIZE=5|close",
	},
	{
		name:     "a verdict that could not be said is said where there is a reply",
		wish:     StepNoReplyHeader | StepNoReplyEOH | StepNoReplyBody,
		verdicts: map[string]Verdict{"header": reject},
		send:     []string{fConnect, fMail, fRcpt, fHeader, fHeader, "N", fBody, "E", fMail, "A", "Q"},
		replies:  "c|c|c|" + yReject + "|c",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|header Subject: hi|mail <a@example> SIZE=5|abort|close",
	},
	{
		name:     "a reject on RCPT that could not be said is that of the message",
		wish:     StepNoReplyRcpt,
		verdicts: map[string]Verdict{"rcpt": reject},
		send:     []string{fConnect, fMail, fRcpt, fRcpt2, "T", "Q"},
		replies:  "c|c|" + yReject,
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|close",
	},
	{
		name:     "a verdict on CONNECT stands for the connection",
		verdicts: map[string]Verdict{"connect": accept},
		send:     []string{fConnect, fHelo, fMail, fRcpt, "E", "UX\x00", fMail, "A", "Q"},
		replies:  "a|a|a|a|a|a|a",
		trace:    "connect client.example inet 192.0.2.1 25|close",
	},
	{
		name:     "a verdict on CONNECT ends with QUIT_NC",
		verdicts: map[string]Verdict{"connect client.example inet 192.0.2.1 25": shutdown},
		send:     []string{fConnect, fHelo, "K", "Cother\x00U", fHelo, "Q"},
		replies:  "4|4|c|c",
		trace:    "connect client.example inet 192.0.2.1 25|close|session|connect other unknown|helo client.example|close",
	},
	{
		name:     "a verdict on HELO stands until the next HELO",
		wish:     StepNoReplyHelo,
		verdicts: map[string]Verdict{"helo client.example": tempfail},
		send:     []string{fConnect, fHelo, fMail, fRcpt, "A", "Hother\x00", fMail, "A", "Q"},
		replies:  "c|t|t|c",
		trace:    "connect client.example inet 192.0.2.1 25|helo client.example|helo other|mail <a@example> SIZE=5|abort|close",
	},
	{
		name:     "a verdict on an unknown command concerns only that",
		verdicts: map[string]Verdict{"unknown": reject},
		send:     []string{fConnect, "UX\x00", fMail, "UY\x00", fRcpt, "A", "Q"},
		replies:  "c|" + yReject + "|c|" + yReject + "|c",
		trace:    "connect client.example inet 192.0.2.1 25|unknown X|mail <a@example> SIZE=5|unknown Y|rcpt <b@example>|abort|close",
	},
	{
		name:     "skip ends the body",
		wish:     StepSkip,
		verdicts: map[string]Verdict{"body": skip},
		send:     []string{fConnect, fMail, fBody, fBody, "Elast", fMail, fBody, "A", "Q"},
		replies:  "c|c|s|s|c|c|s",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|body hello|eom|mail <a@example> SIZE=5|body hello|abort|close",
	},
	{
		name:     "skip that was not negotiated is continue",
		verdicts: map[string]Verdict{"body": skip, "header": skip, "eom": skip},
		send:     []string{fConnect, fMail, fHeader, fBody, fBody, "E", "Q"},
		replies:  "c|c|c|c|c|c",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|header Subject: hi|body hello|body hello|eom|close",
	},
	{
		name:     "skip on a header is continue, because Sendmail takes it for the body",
		wish:     StepSkip,
		verdicts: map[string]Verdict{"header": skip},
		send:     []string{fConnect, fMail, fHeader, "A", "Q"},
		replies:  "c|c|c",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|header Subject: hi|abort|close",
	},
	{
		name:    "what the MTA cannot turn off is answered by the server",
		offer:   Offer{2, ActionsV2, StepsV2 &^ (StepNoHeaders | StepNoBody)},
		wish:    StepNoHelo | StepNoHeaders | StepNoBody | StepNoReplyMail | StepNoReplyConnect,
		send:    []string{fConnect, fMail, fRcpt, fHeader, "N", fBody, "Elast", "Q"},
		replies: "c|c|c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|eoh|eom|close",
	},
	{
		name:     "a verdict stands also for steps that are answered by the server",
		offer:    Offer{2, ActionsV2, StepsV2 &^ StepNoHeaders},
		wish:     StepNoHeaders,
		verdicts: map[string]Verdict{"mail": reject},
		send:     []string{fConnect, fMail, fHeader, "Q"},
		replies:  "c|" + yReject + "|" + yReject,
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|close",
	},
	{
		name:    "with leading space the first space is no part of the value",
		wish:    StepLeadingSpace,
		send:    []string{fConnect, fMail, "LA\x00 b\x00", "LA\x00  b\x00", "LA\x00b\x00", "LA\x00\tb\n c\x00", "LA\x00\x00", "A", "Q"},
		replies: "c|c|c|c|c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|header A: b|header A:  b|header A:b|header A:\tb\n c|header A:|abort|close",
	},
	{
		name:    "a rejected recipient is an event",
		wish:    StepRcptRejected,
		send:    []string{fConnect, fMail, "DR{rcpt_mailer}\x00error\x00", fRcpt, "A", "Q"},
		replies: "c|c|c",
		trace:   "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|rcpt <b@example>|abort|close",
	},
	{
		name:    "a client without HELO sends mail",
		send:    []string{"Clocalhost\x00L\x00\x00/run/x\x00", "M<>\x00", "Q"},
		replies: "c|c",
		trace:   "connect localhost unix /run/x|mail <>|abort|close",
	},
	{
		name:     "a reply that no MTA takes is sent without its text",
		verdicts: map[string]Verdict{"mail": {Kind: VerdictReject, Reply: Reply{450, "", []string{"x"}}}},
		send:     []string{fConnect, fMail, "Q"},
		replies:  "c|r",
		trace:    "connect client.example inet 192.0.2.1 25|mail <a@example> SIZE=5|close",
		log:      `reason="encode reject: code 450 is not 5yz"`,
	},
}

func TestDialogueFollowsTheMTA(t *testing.T) {
	for _, tt := range dialogues {
		t.Run(tt.name, func(t *testing.T) {
			offer := tt.offer
			if offer == (Offer{}) {
				offer = offerV6
			}
			in := frame(optneg(offer))
			var pieces []string
			for _, s := range tt.send {
				in += frame(s)
				pieces = append(pieces, frame(s))
			}
			var oneByOne []string
			for i := range len(in) {
				oneByOne = append(oneByOne, in[i:i+1])
			}
			for _, how := range []struct {
				name string
				in   []string
			}{
				{"at once", []string{in}},
				{"frame by frame", append([]string{frame(optneg(offer))}, pieces...)},
				{"byte by byte", oneByOne},
			} {
				var log logBuffer
				s := &testSession{wish: Options{Actions: 1, Steps: tt.wish}, verdicts: tt.verdicts}
				nc := converse(s, log.logger(slog.LevelInfo), how.in...)
				replies := frames(t, nc.out.Bytes())
				if len(replies) == 0 {
					t.Fatalf("%s: no answer to the offer", how.name)
				}
				want(t, how.name+": replies", strings.Join(replies[1:], "|"), tt.replies)
				want(t, how.name+": trace", traceText(s.lines()), tt.trace)
				if got := log.String(); tt.log == "" && got != "" || !strings.Contains(got, tt.log) {
					t.Errorf("%s: log:\n got %q\nwant %q", how.name, got, tt.log)
				}
				if !nc.closed {
					t.Errorf("%s: the connection is open", how.name)
				}
			}
		})
	}
}

// traceText joins a trace without its first line, the session, and without line ends of the body.
func traceText(lines []string) string {
	return strings.ReplaceAll(strings.Join(lines[1:], "|"), "\r\n", "")
}

func TestRepliesOfABurstAreOneWrite(t *testing.T) {
	in := ""
	for _, s := range []string{optneg(offerV6), fConnect, fHelo, fMail, fRcpt, "T", fHeader, "N", fBody, "E", "Q"} {
		in += frame(s)
	}
	nc := converse(&testSession{}, slog.New(slog.DiscardHandler), in)
	want(t, "writes", nc.writes, 1)
}

// What no MTA sends closes the connection, and the log says why.
func TestBadInputClosesTheConnection(t *testing.T) {
	negotiated := frame(optneg(offerV6))
	tests := []struct {
		name string
		in   string
		log  string
	}{
		{"a command before OPTNEG", frame(fConnect), "connect out of order: before negotiation"},
		{"macros before OPTNEG", frame("DCj\x00h\x00"), "macro out of order: before negotiation"},
		{"OPTNEG twice", negotiated + negotiated, "optneg out of order: after negotiation"},
		{"a short OPTNEG", frame("O\x00\x00\x00\x06\x00\x00\x00\x00"), "decode optneg: too short"},
		{"version 1", frame(optneg(Offer{1, 1, 1})), "decode optneg: version 1, the oldest that is spoken is 2"},
		{"CONNECT twice", negotiated + frame(fConnect) + frame(fConnect), "connect out of order: outside of a message"},
		{"RCPT without MAIL", negotiated + frame(fConnect) + frame(fRcpt), "rcpt out of order: outside of a message"},
		{"RCPT after DATA", negotiated + frame(fMail) + frame("T") + frame(fRcpt), "rcpt out of order: after data"},
		{"DATA without MAIL", negotiated + frame("T"), "data out of order: after negotiation"},
		{"a header without MAIL", negotiated + frame(fHeader), "header out of order"},
		{"a header after the body", negotiated + frame(fMail) + frame(fBody) + frame(fHeader), "header out of order: after the header"},
		{"EOH without MAIL", negotiated + frame("N"), "eoh out of order"},
		{"EOH twice", negotiated + frame(fMail) + frame("N") + frame("N"), "eoh out of order: after the header"},
		{"BODY without MAIL", negotiated + frame(fBody), "body out of order"},
		{"EOM without MAIL", negotiated + frame("E"), "eom out of order"},
		{"EOM twice", negotiated + frame(fMail) + frame("E") + frame("E"), "eom out of order: outside of a message"},
		{"an unknown command", negotiated + frame("zzz"), "unknown command 0x7a"},
		{"a byte that only the server uses", negotiated + frame("\x00"), "unknown close"},
		{"a frame of length zero", negotiated + "\x00\x00\x00\x00", "zero length frame"},
		{"a frame above all limits", negotiated + "\x7f\xff\xff\xff", "frame of 2147483647 bytes, the most is 262144"},
		{"a body frame above its limit", negotiated + frame(fMail) + "\x00\x01\x00\x02B", "frame of 65538 bytes for body, the most is 65537"},
		{"an EOM frame above its limit", negotiated + frame(fMail) + "\x00\x01\x00\x02E", "frame of 65538 bytes for eom"},
		{"CONNECT without NUL", negotiated + frame("Chost"), "decode connect: missing NUL"},
		{"CONNECT without a family", negotiated + frame("Chost\x00"), "decode connect: no address family"},
		{"CONNECT with an unknown family", negotiated + frame("Chost\x00X\x00\x19a\x00"), "decode connect: unknown address family 0x58"},
		{"CONNECT without a port", negotiated + frame("Chost\x004\x00"), "decode connect: too short"},
		{"CONNECT without NUL after the address", negotiated + frame("Chost\x004\x00\x191.2.3.4"), "decode connect: missing NUL"},
		{"HELO without NUL", negotiated + frame("Hhost"), "decode helo: missing NUL"},
		{"HELO of two strings", negotiated + frame("Ha\x00b\x00"), "decode helo: data after the NUL"},
		{"MAIL without NUL", negotiated + frame("M<a>"), "decode mail: missing NUL"},
		{"MAIL without data", negotiated + frame("M"), "decode mail: missing NUL"},
		{"MAIL with a parameter without NUL", negotiated + frame("M<a>\x00SIZE=1"), "decode mail: missing NUL"},
		{"MAIL with parameters without end", negotiated + frame("M<a>\x00"+strings.Repeat("\x00", maxParams+1)), "decode mail: 1001 parameters"},
		{"RCPT without NUL", negotiated + frame(fMail) + frame("R<a>"), "decode rcpt: missing NUL"},
		{"a header without a value", negotiated + frame(fMail) + frame("LA\x00"), "decode header: missing NUL"},
		{"a header of three strings", negotiated + frame(fMail) + frame("LA\x00b\x00c\x00"), "decode header: data after the NUL"},
		{"an unknown SMTP command without NUL", negotiated + frame("UX"), "decode unknown: missing NUL"},
		{"DATA with data", negotiated + frame(fMail) + frame("Tx"), "decode data: unexpected data"},
		{"ABORT with data", negotiated + frame("Ax"), "decode abort: unexpected data"},
		{"macros for nothing", negotiated + frame("D"), "decode macro: too short"},
		{"macros for an unknown command", negotiated + frame("Dz"), "decode macro: unknown command 0x7a"},
		{"a macro without a value", negotiated + frame("DCj\x00"), "decode macro: for connect: name without a value"},
		{"a macro without NUL", negotiated + frame("DCj\x00x"), "decode macro: for connect: missing NUL"},
		{"macros without end", negotiated + frame("DC"+strings.Repeat("\x00", 2*maxMacros+2)), "more than 1024 macros"},
		{"a frame cut short", negotiated + frame(fConnect)[:9], "EOF in the middle of a frame"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log logBuffer
			s := &testSession{}
			nc := converse(s, log.logger(slog.LevelInfo), tt.in)
			if !nc.closed {
				t.Error("the connection is open")
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d log lines, want 1", n)
			}
			for _, part := range []string{`msg="connection closed early"`, "peer=mta", "conn=1", tt.log} {
				if !strings.Contains(log.String(), part) {
					t.Errorf("log:\n got %s\nwant %s", log.String(), part)
				}
			}
			if lines := s.lines(); lines[len(lines)-1] != "close" {
				t.Errorf("the session was not closed: %q", lines)
			}
		})
	}
}

func TestMailThatDoesNotDecodeBeginsNoMessage(t *testing.T) {
	s := &testSession{}
	converse(s, slog.New(slog.DiscardHandler), frame(optneg(offerV6))+frame("M<a>"))
	want(t, "trace", strings.Join(s.lines(), "|"), "session|close")
}
