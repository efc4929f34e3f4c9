package protocol

import (
	"strings"
	"testing"
)

func TestChangesAreTheseBytes(t *testing.T) {
	tests := []struct {
		name         string
		leadingSpace bool
		change       Change
		wire         string
		action       Action
		text         string
	}{
		{"add a header", false, Change{Code: ReplyAddHeader, Name: "X-A", Value: "b"},
			"hX-A\x00b\x00", ActionAddHeaders, `add_header X-A: "b"`},
		{"add a header with its space", true, Change{Code: ReplyAddHeader, Name: "X-A", Value: "b\n c"},
			"hX-A\x00 b\n c\x00", ActionAddHeaders, `add_header X-A: "b\n c"`},
		{"add a header without a space", true, Change{Code: ReplyAddHeader, Name: "X-A", Value: "b", NoSpace: true},
			"hX-A\x00b\x00", ActionAddHeaders, `add_header X-A: "b"`},
		{"insert a header", false, Change{Code: ReplyInsertHeader, Index: 258, Name: "X-A", Value: "b"},
			"i\x00\x00\x01\x02X-A\x00b\x00", ActionAddHeaders, `insert_header 258 X-A: "b"`},
		{"change a header", true, Change{Code: ReplyChangeHeader, Index: 1, Name: "Subject", Value: "b"},
			"m\x00\x00\x00\x01Subject\x00 b\x00", ActionChangeHeaders, `change_header Subject 1: "b"`},
		{"delete a header", true, Change{Code: ReplyChangeHeader, Index: 2, Name: "Subject"},
			"m\x00\x00\x00\x02Subject\x00\x00", ActionChangeHeaders, `delete_header Subject 2`},
		{"add a recipient", false, Change{Code: ReplyAddRcpt, Value: "a@b"},
			"+<a@b>\x00", ActionAddRcpt, `add_recipient "<a@b>"`},
		{"add a recipient with parameters", false, Change{Code: ReplyAddRcptPar, Value: "a@b", Params: "NOTIFY=NEVER"},
			"2<a@b>\x00NOTIFY=NEVER\x00", ActionAddRcptPar, `add_recipient "<a@b>" "NOTIFY=NEVER"`},
		{"delete a recipient", false, Change{Code: ReplyDelRcpt, Value: "a@b"},
			"-<a@b>\x00", ActionDelRcpt, `delete_recipient "<a@b>"`},
		{"change the sender", false, Change{Code: ReplyChangeFrom, Value: "a@b", Params: "RET=HDRS"},
			"e<a@b>\x00RET=HDRS\x00", ActionChangeFrom, `change_sender "<a@b>" "RET=HDRS"`},
		{"change to the null sender", false, Change{Code: ReplyChangeFrom},
			"e<>\x00", ActionChangeFrom, `change_sender "<>"`},
		{"quarantine", false, Change{Code: ReplyQuarantine, Value: "virus"},
			"qvirus\x00", ActionQuarantine, `quarantine "virus"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.change.check(Options{Actions: tt.action}); err != nil {
				t.Fatal(err)
			}
			want(t, "encoded", string(appendChange(nil, &tt.change, tt.leadingSpace)), frame(tt.wire))
			want(t, "action", tt.change.Action(), tt.action)
			want(t, "text", tt.change.String(), tt.text)
			c, ok, err := decodeChange(ReplyCode(tt.wire[0]), tt.wire[1:], tt.leadingSpace)
			if err != nil || !ok {
				t.Fatalf("decode: %v %v", ok, err)
			}
			want(t, "decoded", c, tt.change)
		})
	}
}

func TestAddressesAreSentInBrackets(t *testing.T) {
	tests := []struct {
		change Change
		wire   string
	}{
		{Change{Code: ReplyAddRcpt, Value: "<a@b>"}, "+<a@b>\x00"},
		{Change{Code: ReplyDelRcpt, Value: "<a@b>"}, "-<a@b>\x00"},
		{Change{Code: ReplyChangeFrom, Value: "<>"}, "e<>\x00"},
		{Change{Code: ReplyAddRcpt, Value: "<a@b>", Params: "X=1"}, "2<a@b>\x00X=1\x00"},
	}
	for _, tt := range tests {
		want(t, tt.change.String(), string(appendChange(nil, &tt.change, false)), frame(tt.wire))
	}
}

func TestChangesThatCannotBeSent(t *testing.T) {
	tests := []struct {
		name   string
		change Change
		want   string
	}{
		{"no change at all", Change{Code: ReplyAccept}, "accept is no change"},
		{"not negotiated", Change{Code: ReplyChangeFrom, Value: "a"}, "SMFIF_CHGFROM was not negotiated"},
		{"parameters not negotiated", Change{Code: ReplyAddRcpt, Value: "a", Params: "X"}, "SMFIF_ADDRCPT_PAR was not negotiated"},
		{"NUL in a name", Change{Code: ReplyAddHeader, Name: "a\x00"}, "NUL in the text"},
		{"NUL in a value", Change{Code: ReplyAddHeader, Name: "a", Value: "\x00"}, "NUL in the text"},
		{"a header without a name", Change{Code: ReplyAddHeader, Value: "a"}, "no header name"},
		{"a quarantine without a reason", Change{Code: ReplyQuarantine}, "no reason"},
		{"more than a packet", Change{Code: ReplyAddHeader, Name: "a", Value: strings.Repeat("x", 65535)}, "65536 bytes do not fit in one packet"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.change.check(Options{Actions: ActionsV2})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestChangesThatAreNot(t *testing.T) {
	tests := []struct{ name, wire, want string }{
		{"an index cut short", "i\x00\x00\x01", "decode insheader: too short"},
		{"a header without a value", "hX\x00", "decode addheader: missing NUL"},
		{"a header of three strings", "hX\x00y\x00z\x00", "decode addheader: data after the NUL"},
		{"a recipient without NUL", "+<a>", "decode addrcpt: missing NUL"},
		{"a sender of three strings", "e<a>\x00b\x00c\x00", "decode chgfrom: data after the NUL"},
		{"an empty quarantine", "q\x00", "decode quarantine: no reason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, ok, err := decodeChange(ReplyCode(tt.wire[0]), tt.wire[1:], false)
			if !ok || err == nil || err.Error() != tt.want {
				t.Errorf("got %v %v, want %s", ok, err, tt.want)
			}
		})
	}
}

func TestBodyIsSplitAtTheLimitOfMTAs(t *testing.T) {
	tests := []struct {
		name   string
		size   int
		pieces []int
		sizes  []int
	}{
		{"an empty body is one empty packet", 0, nil, []int{0}},
		{"a full packet is one", 65535, nil, []int{65535}},
		{"one byte more is two", 65536, nil, []int{65535, 1}},
		{"two full packets", 131070, nil, []int{65535, 65535}},
		{"empty pieces are one empty packet", 0, []int{0, 0}, []int{0}},
		{"small pieces share a packet", 3, []int{1, 0, 2, 4}, []int{10}},
		{"a piece over a border", 65530, []int{10, 3}, []int{65535, 8}},
		{"pieces up to a border", 1, []int{65534, 65535, 0}, []int{65535, 65535}},
		{"long pieces", 70000, []int{70000, 1, 65535}, []int{65535, 65535, 65535, 8931}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out []byte
			all := strings.Repeat("x", tt.size)
			rest := newBody{value: all}
			for i, n := range tt.pieces {
				piece := strings.Repeat(string(rune('a'+i)), n)
				rest.pieces = append(rest.pieces, []byte(piece))
				all += piece
			}
			for last := false; !last; {
				out, last = appendBody(out, &rest)
			}
			var sizes []int
			sent := ""
			for _, f := range frames(t, out) {
				want(t, "reply", f[0], byte(ReplyReplaceBody))
				sizes = append(sizes, len(f)-1)
				sent += f[1:]
			}
			want(t, "sizes", sizes, tt.sizes)
			want(t, "the body is what was given", sent == all, true)
		})
	}
}

func TestLogLineOfAChangeIsOneLine(t *testing.T) {
	want(t, "name", Change{Code: ReplyAddHeader, Name: "a\nb", Value: "c\r\n"}.String(), `add_header "a\nb": "c\r\n"`)
	want(t, "body", Change{Code: ReplyReplaceBody, Value: "a\nb"}.String(), "replace_body 3 bytes")
	want(t, "pieces", Change{Code: ReplyReplaceBody, Value: "a", Pieces: [][]byte{[]byte("bc")}}.String(), "replace_body 3 bytes")
	want(t, "none", Change{Code: 'z'}.String(), "reply 0x7a")
}

func TestChangesGoBeforeTheVerdictAndTheBodyLast(t *testing.T) {
	replace := func(s string) Change { return Change{Code: ReplyReplaceBody, Value: s} }
	header := Change{Code: ReplyAddHeader, Name: "A", Value: "b"}
	tests := []struct {
		name    string
		verdict Verdict
		replies string
		log     string
	}{
		{"continue", Verdict{Changes: []Change{replace("x"), header, replace("y")}}, "hA\x00b\x00|by|c", ""},
		{"accept", Verdict{Kind: VerdictAccept, Changes: []Change{header}}, "hA\x00b\x00|a", ""},
		{"skip is continue", Verdict{Kind: VerdictSkip, Changes: []Change{header}}, "hA\x00b\x00|c", ""},
		{"an empty body", Verdict{Changes: []Change{replace("")}}, "b|c", ""},
		{"reject has no changes", Verdict{Kind: VerdictReject, Changes: []Change{header}}, "r", ""},
		{"tempfail has no changes", Verdict{Kind: VerdictTempfail, Changes: []Change{header}}, "t", ""},
		{"discard has no changes", Verdict{Kind: VerdictDiscard, Changes: []Change{header}}, "d", ""},
		{"shutdown has no changes", Verdict{Kind: VerdictShutdown, Changes: []Change{header}}, "4", ""},
		{"one change not negotiated is a tempfail before any is sent",
			Verdict{Changes: []Change{header, {Code: ReplyQuarantine, Value: "x"}}}, "t",
			`encode quarantine \"x\": SMFIF_QUARANTINE was not negotiated`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log logBuffer
			s := &testSession{
				wish:     Options{Actions: ActionAddHeaders | ActionChangeBody},
				verdicts: map[string]Verdict{"eom": tt.verdict},
			}
			nc := converse(s, log.logger(0), frame(optneg(offerV6)), frame(fMail), frame("E"), frame("Q"))
			want(t, "replies", strings.Join(frames(t, nc.out.Bytes())[2:], "|"), tt.replies)
			if got := log.String(); tt.log == "" && got != "" || !strings.Contains(got, tt.log) {
				t.Errorf("log: got %q, want %q", got, tt.log)
			}
		})
	}
}

// TestWhatChangesPointToIsUsedUntilDone: the bytes of a new body may lie in memory that goes with Done.
func TestWhatChangesPointToIsUsedUntilDone(t *testing.T) {
	var log logBuffer
	for _, kind := range []VerdictKind{VerdictContinue, VerdictReject} {
		piece := []byte("before")
		done := 0
		v := Verdict{Kind: kind, Changes: []Change{{Code: ReplyReplaceBody, Pieces: [][]byte{piece}}}}
		v.Done = func() { done++; copy(piece, "after ") }
		s := &testSession{wish: Options{Actions: ActionChangeBody}, verdicts: map[string]Verdict{"eom": v}}
		nc := converse(s, log.logger(0), frame(optneg(offerV6)), frame(fMail), frame("E"), frame("Q"))
		want(t, "calls of Done", done, 1)
		replies := strings.Join(frames(t, nc.out.Bytes())[2:], "|")
		want(t, "replies", replies, map[VerdictKind]string{VerdictContinue: "bbefore|c", VerdictReject: "r"}[kind])
	}
}
