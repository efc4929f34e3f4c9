package protocol

import (
	"slices"
	"strings"
	"testing"
)

func TestVerdictsAreTheseBytes(t *testing.T) {
	tests := []struct {
		name    string
		verdict Verdict
		wire    string // reply and data
		text    string // Reply.String
	}{
		{"continue", Verdict{}, "c", ""},
		{"accept", Verdict{Kind: VerdictAccept}, "a", ""},
		{"reject", Verdict{Kind: VerdictReject}, "r", ""},
		{"tempfail", Verdict{Kind: VerdictTempfail}, "t", ""},
		{"discard", Verdict{Kind: VerdictDiscard}, "d", ""},
		{"skip", Verdict{Kind: VerdictSkip}, "s", ""},
		{"shutdown", Verdict{Kind: VerdictShutdown}, "4", ""},
		{"reject with a text", Verdict{Kind: VerdictReject, Reply: Reply{550, "5.7.1", []string{"not here"}}},
			"y550 5.7.1 not here\x00", "550 5.7.1 not here"},
		{"tempfail without an enhanced code", Verdict{Kind: VerdictTempfail, Reply: Reply{451, "", []string{"later"}}},
			"y451 later\x00", "451 later"},
		{"shutdown with a text", Verdict{Kind: VerdictShutdown, Reply: Reply{421, "4.7.0", []string{"bye"}}},
			"y421 4.7.0 bye\x00", "421 4.7.0 bye"},
		{"several lines", Verdict{Kind: VerdictReject, Reply: Reply{550, "5.7.1", []string{"a", "", "b"}}},
			"y550-5.7.1 a\r\n550-5.7.1 \r\n550 5.7.1 b\x00", "550-5.7.1 a\n550-5.7.1 \n550 5.7.1 b"},
		{"percent signs", Verdict{Kind: VerdictReject, Reply: Reply{554, "5.0.0", []string{"100% of %s%"}}},
			"y554 5.0.0 100%% of %%s%%\x00", "554 5.0.0 100% of %s%"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.verdict.replyCheck(); err != nil {
				t.Fatal(err)
			}
			want(t, "encoded", string(appendVerdict(nil, &tt.verdict)), frame(tt.wire))
			want(t, "text", tt.verdict.Reply.String(), tt.text)
			v, ok, err := decodeVerdict(ReplyCode(tt.wire[0]), tt.wire[1:])
			if err != nil || !ok {
				t.Fatalf("decode: %v %v", ok, err)
			}
			want(t, "decoded", v, tt.verdict)
		})
	}
	t.Run("a reply without lines has an empty one", func(t *testing.T) {
		v := Verdict{Kind: VerdictReject, Reply: Reply{Code: 550}}
		want(t, "encoded", string(appendVerdict(nil, &v)), frame("y550 \x00"))
	})
}

func TestReplyCheck(t *testing.T) {
	long := strings.Repeat("x", MaxReplyLine)
	tests := []struct {
		name  string
		kind  VerdictKind
		reply Reply
		want  string // "" is right
	}{
		{"the zero reply goes with all", VerdictContinue, Reply{}, ""},
		{"32 lines of 980 bytes", VerdictReject, Reply{550, "5.7.1", slices.Repeat([]string{long}, 32)}, ""},
		{"tempfail with 421", VerdictTempfail, Reply{421, "4.3.2", []string{"x"}}, ""},
		{"an enhanced code of three digits", VerdictReject, Reply{550, "5.123.456", nil}, ""},
		{"a text that starts with numbers", VerdictReject, Reply{550, "", []string{"1.2.3 4.7.1x"}}, ""},
		{"continue takes none", VerdictContinue, Reply{Code: 550}, "continue: takes no reply"},
		{"reject with 450", VerdictReject, Reply{Code: 450}, "reject: code 450 is not 5yz"},
		{"reject with 600", VerdictReject, Reply{Code: 600}, "reject: code 600 is not 5yz"},
		{"tempfail with 550", VerdictTempfail, Reply{Code: 550}, "tempfail: code 550 is not 4yz"},
		{"shutdown with 450", VerdictShutdown, Reply{Code: 450}, "shutdown: code 450 is not 421"},
		{"no code", VerdictReject, Reply{Lines: []string{"x"}}, "reject: code 0 is not 5yz"},
		{"an enhanced code of another class", VerdictReject, Reply{550, "4.7.1", nil}, "reject: enhanced code 4.7.1 does not match code 550"},
		{"an enhanced code in the text of another class", VerdictReject, Reply{550, "", []string{"4.7.1 x"}}, "reject: enhanced code 4.7.1 does not match code 550"},
		{"an enhanced code of two numbers", VerdictReject, Reply{550, "5.7", nil}, `reject: enhanced code "5.7" is not class.subject.detail`},
		{"an enhanced code of four digits", VerdictReject, Reply{550, "5.7.1234", nil}, `reject: enhanced code "5.7.1234" is not class.subject.detail`},
		{"an enhanced code with a space", VerdictReject, Reply{550, "5.7.1 ", nil}, `reject: enhanced code "5.7.1 " is not class.subject.detail`},
		{"33 lines", VerdictReject, Reply{550, "", make([]string, 33)}, "reject: 33 lines of text, the most is 32"},
		{"981 bytes", VerdictReject, Reply{550, "", []string{long + "x"}}, "reject: line 1 of the text has 981 bytes, the most is 980"},
		{"981 bytes with a doubled percent sign", VerdictReject, Reply{550, "", []string{"ok", long[1:] + "%"}}, "reject: line 2 of the text has 981 bytes, the most is 980"},
		{"CR", VerdictReject, Reply{550, "", []string{"a\rb"}}, "reject: line 1 of the text contains CR, LF or NUL"},
		{"LF", VerdictReject, Reply{550, "", []string{"a\nb"}}, "reject: line 1 of the text contains CR, LF or NUL"},
		{"NUL", VerdictReject, Reply{550, "", []string{"a\x00b"}}, "reject: line 1 of the text contains CR, LF or NUL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.reply.Check(tt.kind); err != nil {
				got = err.Error()
			}
			want(t, "error", got, tt.want)
		})
	}
}

// Postfix closes the socket on these ("malformed reply").
func TestMalformedRepliesAreRefused(t *testing.T) {
	tests := []struct{ name, wire, want string }{
		{"no NUL", "y550 x", "decode replycode: missing NUL"},
		{"a string after it", "y550 x\x00y\x00", "decode replycode: data after the NUL"},
		{"no code", "y\x00", `decode replycode: line "" does not start with a 4yz or 5yz code`},
		{"a code of success", "y250 ok\x00", `decode replycode: line "250 ok" does not start with a 4yz or 5yz code`},
		{"a code of two digits", "y55 x\x00", `decode replycode: line "55 x" does not start with a 4yz or 5yz code`},
		{"nothing after the code", "y550\x00", `decode replycode: line "550" does not start with a 4yz or 5yz code`},
		{"the last line with a dash", "y550-x\x00", `decode replycode: line "550-x": '-' after the code, want ' '`},
		{"a first line without a dash", "y550 x\r\n550 y\x00", `decode replycode: line "550 x": ' ' after the code, want '-'`},
		{"another code", "y550-x\r\n551 y\x00", `decode replycode: line "551 y" has another code than the first`},
		{"CRLF at the end", "y550 x\r\n\x00", `decode replycode: line "550 x": ' ' after the code, want '-'`},
		{"bare LF", "y550-x\n550 y\x00", `decode replycode: line "550-x\n550 y": '-' after the code, want ' '`},
		{"an enhanced code of another class", "y550 4.7.1 x\x00", "decode replycode: enhanced code 4.7.1 does not match code 550"},
		{"a single percent sign", "y550 5% x\x00", "decode replycode: '%' that is not doubled"},
		{"data after continue", "cx", "decode continue: unexpected data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := decodeVerdict(ReplyCode(tt.wire[0]), tt.wire[1:])
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
