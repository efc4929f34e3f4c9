package protocol

import (
	"slices"
	"strings"
	"testing"
)

func TestOptionsAreTheseBytes(t *testing.T) {
	offer := Offer{6, 0x1ff, 0x1fffff}
	wire := "O\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"
	want(t, "offer", string(appendOffer(nil, offer)), frame(wire))
	got, err := decodeOffer(wire[1:])
	if err != nil || got != offer {
		t.Errorf("offer: got %v %v", got, err)
	}

	options := Options{6, 0x101, 0x40, map[Stage][]string{StageEOH: {"i"}, StageMail: {"i", "{auth_authen}"}, StageHelo: {}}}
	wire = "O\x00\x00\x00\x06\x00\x00\x01\x01\x00\x00\x00\x40" +
		"\x00\x00\x00\x01\x00" + "\x00\x00\x00\x02i {auth_authen}\x00" + "\x00\x00\x00\x06i\x00"
	want(t, "options", string(appendOptions(nil, options)), frame(wire))
	back, err := decodeOptions(wire[1:])
	if err != nil {
		t.Fatal(err)
	}
	want(t, "options", back, options)
}

func TestAnswerKeepsToTheOffer(t *testing.T) {
	all := Options{Version: 6, Actions: AllActions, Steps: AllSteps}
	tests := []struct {
		name    string
		offer   Offer
		wish    Options
		want    Options
		warning string
	}{
		{"version 6 gets all", Offer{6, 0x1ff, 0x1fffff}, all, Options{6, 0x1ff, 0x1fffff, nil}, ""},
		{"a later version gets 6 and no unknown bits", Offer{7, 0xfff, 0x8fffffff}, all, Options{6, 0x1ff, 0x1fffff, nil}, ""},
		{"version 2 gets 2", Offer{2, 0x3f, 0x7f}, all, Options{2, 0x3f, 0x7f, nil}, ""},
		{"0 stands for version 1", Offer{2, 0, 0}, all, Options{2, 0x0f, 0x3f, nil}, ""},
		{"sizes of chunks are never answered", Offer{6, 0x1ff, 0x701fffff}, Options{Steps: 0x7fffffff}, Options{6, 0, 0x1fffff, nil}, ""},
		{"a wish for a lower version", Offer{6, 1, 1}, Options{Version: 4}, Options{Version: 4}, ""},
		{"macros", Offer{6, 0x1ff, 0}, Options{Macros: map[Stage][]string{StageMail: {"auth_authen", "i"}}},
			Options{6, 0x100, 0, map[Stage][]string{StageMail: {"{auth_authen}", "i"}}}, ""},
		{"macros not offered", Offer{6, 0xff, 0}, Options{Macros: map[Stage][]string{StageMail: {"i"}}},
			Options{6, 0, 0, nil}, "SMFIF_SETSYMLIST"},
		{"an unknown stage", Offer{6, 0x1ff, 0}, Options{Macros: map[Stage][]string{7: {"i"}}},
			Options{6, 0x100, 0, map[Stage][]string{}}, "no stage 7"},
		{"a name that would be two", Offer{6, 0x1ff, 0}, Options{Macros: map[Stage][]string{StageMail: {"a b", "i"}}},
			Options{6, 0x100, 0, map[Stage][]string{StageMail: {"i"}}}, `"{a b}" is no name`},
		{"51 macros", Offer{6, 0x1ff, 0}, Options{Macros: map[Stage][]string{StageMail: slices.Repeat([]string{"i"}, 51)}},
			Options{6, 0x100, 0, map[Stage][]string{StageMail: slices.Repeat([]string{"i"}, 50)}}, "51 names, the first 50 are asked for"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			offer := tt.offer.normalized()
			got, warnings := offer.answer(tt.wish)
			want(t, "answer", got, tt.want)
			if err := offer.checkAnswer(got); err != nil {
				t.Errorf("an MTA would hang up: %v", err)
			}
			switch {
			case tt.warning == "" && len(warnings) > 0:
				t.Errorf("warnings: %v", warnings)
			case tt.warning != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Error(), tt.warning)):
				t.Errorf("warnings: got %v, want %s", warnings, tt.warning)
			}
		})
	}
}

func TestAnswersThatMTAsHangUpOn(t *testing.T) {
	offer := Offer{4, 0x3f, 0x7f}
	tests := []struct {
		name string
		got  Options
		want string
	}{
		{"a higher version", Options{Version: 5}, "version 5 answers an offer of 4"},
		{"version 1", Options{Version: 1}, "version 1 answers an offer of 4"},
		{"an action", Options{Version: 4, Actions: 0x40}, "actions SMFIF_CHGFROM were not offered"},
		{"a step", Options{Version: 4, Steps: 0x400}, "steps SMFIP_SKIP were not offered"},
		{"macros", Options{Version: 4, Macros: map[Stage][]string{StageMail: nil}}, "lists of macros without SMFIF_SETSYMLIST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := offer.checkAnswer(tt.got); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestOptionsThatAreNone(t *testing.T) {
	words := strings.Repeat("\x00", 12)
	tests := []struct{ name, data, want string }{
		{"eleven bytes", words[:11], "decode optneg: too short"},
		{"a stage cut short", words + "\x00\x00", "decode optneg: too short"},
		{"a list without NUL", words + "\x00\x00\x00\x02i", "decode optneg: missing NUL"},
		{"an unknown stage", words + "\x00\x00\x00\x07i\x00", "decode optneg: macros for stage 7"},
		{"a stage beyond an int32", words + "\xff\xff\xff\xffi\x00", "decode optneg: macros for stage 4294967295"},
		{"a stage twice", words + "\x00\x00\x00\x02i\x00\x00\x00\x00\x02i\x00", "decode optneg: macros for mail twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := decodeOptions(tt.data); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestSessionIsToldWhatHolds(t *testing.T) {
	var log logBuffer
	s := &testSession{wish: Options{
		Version: 6, Actions: AllActions, Steps: StepNoBody | StepSkip,
		Macros: map[Stage][]string{StageRcpt: {"i"}},
	}}
	nc := converse(s, log.logger(0), frame(optneg(Offer{3, 0x3f, StepSkip | 0x10000000})), frame("Q"))
	want(t, "offer", s.offer, Offer{3, 0x3f, StepSkip})
	want(t, "options", s.got, Options{3, 0x3f, StepSkip, nil})
	want(t, "answer", nc.out.String(), string(appendOptions(nil, s.got)))
	if !strings.Contains(log.String(), "level=WARN msg=negotiation") {
		t.Errorf("no warning of the macros: %q", log.String())
	}
}

func TestNamesOfBitsAreComplete(t *testing.T) {
	var actions Action
	for _, n := range ActionNames() {
		actions |= n.Bit
		want(t, "name", n.Bit.String(), n.Name)
	}
	want(t, "actions", actions, AllActions)
	var steps Step
	for _, n := range StepNames() {
		steps |= n.Bit
		want(t, "name", n.Bit.String(), n.Name)
	}
	want(t, "steps", steps, AllSteps)
	want(t, "several", (ActionAddHeaders | ActionChangeFrom | 0x1000).String(), "SMFIF_ADDHDRS|SMFIF_CHGFROM|0x1000")
	want(t, "none", Step(0).String(), "0x0")
}
