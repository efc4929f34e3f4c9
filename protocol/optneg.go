package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxStageMacros is the most macros an MTA takes for one stage (smfi_setsymlist).
const MaxStageMacros = 50

// decodeOffer reads the data of the MTA's SMFIC_OPTNEG. As in libmilter, data after the three words
// is ignored.
func decodeOffer(data string) (Offer, error) {
	if len(data) < 12 {
		return Offer{}, decodeError(CodeOptNeg, errShort)
	}
	version, data, _ := cutUint32(data)
	actions, data, _ := cutUint32(data)
	steps, _, _ := cutUint32(data)
	return Offer{version, Action(actions), Step(steps)}, nil
}

// appendOffer appends the frame that opens a connection.
func appendOffer(dst []byte, o Offer) []byte {
	dst, start := beginFrame(dst, byte(CodeOptNeg))
	dst = appendOptionWords(dst, o.Version, o.Actions, o.Steps)
	return endFrame(dst, start)
}

func appendOptionWords(dst []byte, version uint32, actions Action, steps Step) []byte {
	dst = binary.BigEndian.AppendUint32(dst, version)
	dst = binary.BigEndian.AppendUint32(dst, uint32(actions))
	return binary.BigEndian.AppendUint32(dst, uint32(steps))
}

// normalized reads an offer as libmilter does: 0 stands for what version 1 had, and the internal
// bits concern nobody.
func (o Offer) normalized() Offer {
	if o.Actions == 0 {
		o.Actions = ActionsV1
	}
	if o.Steps == 0 {
		o.Steps = StepsV1
	}
	o.Steps &^= stepsInternal
	return o
}

// answer keeps of a wish what was offered. Postfix and Sendmail hang up on a milter that answers
// more. The errors are for the log: what could not be asked for.
func (o Offer) answer(wish Options) (got Options, warnings []error) {
	got.Version = min(o.Version, Version)
	if wish.Version >= MinVersion {
		got.Version = min(got.Version, wish.Version)
	}
	got.Actions = wish.Actions & o.Actions & AllActions
	got.Steps = wish.Steps & o.Steps & AllSteps
	if len(wish.Macros) == 0 {
		return got, nil
	}
	if o.Actions&ActionSetSymList == 0 {
		return got, []error{errors.New("the MTA does not let the milter choose macros (SMFIF_SETSYMLIST); configure them in the MTA")}
	}
	got.Actions |= ActionSetSymList
	got.Macros = make(map[Stage][]string, len(wish.Macros))
	for stage, names := range wish.Macros {
		list, errs := macroList(stage, names)
		warnings = append(warnings, errs...)
		if list != nil {
			got.Macros[stage] = list
		}
	}
	return got, warnings
}

// macroList gives the names as they are sent; nil for a stage that is none.
func macroList(stage Stage, names []string) (list []string, warnings []error) {
	if stage < StageConnect || stage > stageLast {
		return nil, []error{fmt.Errorf("macros: no %v", stage)}
	}
	list = make([]string, 0, len(names))
	for _, name := range names {
		name = bracedMacro(name)
		if name == "" || strings.ContainsAny(name, " ,\t\r\n\x00") {
			warnings = append(warnings, fmt.Errorf("macros for %v: %.40q is no name", stage, name))
			continue
		}
		list = append(list, name)
	}
	if len(list) > MaxStageMacros {
		warnings = append(warnings, fmt.Errorf("macros for %v: %d names, the first %d are asked for",
			stage, len(list), MaxStageMacros))
		list = list[:MaxStageMacros]
	}
	return list, warnings
}

// appendOptions appends the answer to an offer, the lists of macros in the order of the stages.
func appendOptions(dst []byte, o Options) []byte {
	dst, start := beginFrame(dst, byte(CodeOptNeg))
	dst = appendOptionWords(dst, o.Version, o.Actions, o.Steps)
	for stage := StageConnect; stage <= stageLast; stage++ {
		names, ok := o.Macros[stage]
		if !ok {
			continue
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(stage))
		dst = appendString(dst, strings.Join(names, " "))
	}
	return endFrame(dst, start)
}

// decodeOptions reads the data of the milter's answer to an offer.
func decodeOptions(data string) (Options, error) {
	o, err := decodeOffer(data)
	if err != nil {
		return Options{}, err
	}
	got := Options{Version: o.Version, Actions: o.Actions, Steps: o.Steps}
	for data = data[12:]; data != ""; {
		var n uint32
		var names string
		if n, data, err = cutUint32(data); err == nil {
			names, data, err = cutString(data)
		}
		stage := Stage(n)
		switch _, twice := got.Macros[stage]; {
		case err != nil:
		case n > uint32(stageLast):
			err = fmt.Errorf("macros for %v", stage)
		case twice:
			err = fmt.Errorf("macros for %v twice", stage)
		}
		if err != nil {
			return Options{}, decodeError(CodeOptNeg, err)
		}
		if got.Macros == nil {
			got.Macros = make(map[Stage][]string)
		}
		got.Macros[stage] = strings.FieldsFunc(names, isMacroSeparator)
	}
	return got, nil
}

func isMacroSeparator(r rune) bool {
	return strings.ContainsRune(" ,\t\r\n", r)
}

// checkAnswer finds what makes Postfix or Sendmail hang up on a milter.
func (o Offer) checkAnswer(got Options) error {
	switch {
	case got.Version < MinVersion || got.Version > o.Version:
		return fmt.Errorf("version %d answers an offer of %d", got.Version, o.Version)
	case got.Actions&^o.Actions != 0:
		return fmt.Errorf("actions %v were not offered", got.Actions&^o.Actions)
	case got.Steps&^o.Steps != 0:
		return fmt.Errorf("steps %v were not offered", got.Steps&^o.Steps)
	case len(got.Macros) > 0 && got.Actions&ActionSetSymList == 0:
		return errors.New("lists of macros without SMFIF_SETSYMLIST")
	}
	for stage, names := range got.Macros {
		if len(names) > MaxStageMacros {
			return fmt.Errorf("%d macros for %v", len(names), stage)
		}
		if slices.Contains(names, "") {
			return fmt.Errorf("empty name of a macro for %v", stage)
		}
	}
	return nil
}
