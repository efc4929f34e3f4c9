package protocol

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Change is one modification of the message (SMFIR_*).
type Change struct {
	// Code says what the change does: ReplyAddHeader, ReplyInsertHeader, ReplyChangeHeader,
	// ReplyAddRcpt, ReplyAddRcptPar, ReplyDelRcpt, ReplyChangeFrom, ReplyReplaceBody or
	// ReplyQuarantine.
	Code ReplyCode

	// Index is, in ReplyInsertHeader, the place among all header fields, 0 for the top; in
	// ReplyChangeHeader the number among the fields of that name, from 1.
	Index uint32
	// Name is the name of the header field.
	Name string
	// Value is the value of the header field without the space after the colon ("" deletes in
	// ReplyChangeHeader), the address with or without <>, the whole new body, or the reason of
	// the quarantine.
	Value string
	// Params are the ESMTP parameters of ReplyAddRcptPar and ReplyChangeFrom. ReplyAddRcpt with
	// Params is sent as ReplyAddRcptPar.
	Params string
	// Pieces follow Value in the new body of ReplyReplaceBody. They may belong to memory that goes
	// when Verdict.Done is called.
	Pieces [][]byte
	// NoSpace: the header field gets no space after the colon. Without StepLeadingSpace the MTA
	// writes one all the same.
	NoSpace bool
}

// wireCode is the reply the change is sent as.
func (c *Change) wireCode() ReplyCode {
	if c.Code == ReplyAddRcpt && c.Params != "" {
		return ReplyAddRcptPar
	}
	return c.Code
}

// Action gives the SMFIF_* bit that must have been negotiated for the change, 0 if Code is that of
// no change.
func (c Change) Action() Action {
	switch c.wireCode() {
	case ReplyAddHeader, ReplyInsertHeader:
		return ActionAddHeaders
	case ReplyChangeHeader:
		return ActionChangeHeaders
	case ReplyAddRcpt:
		return ActionAddRcpt
	case ReplyAddRcptPar:
		return ActionAddRcptPar
	case ReplyDelRcpt:
		return ActionDelRcpt
	case ReplyChangeFrom:
		return ActionChangeFrom
	case ReplyReplaceBody:
		return ActionChangeBody
	case ReplyQuarantine:
		return ActionQuarantine
	}
	return 0
}

// String describes the change in one line for logs, under the name scripts have for it, such as
// `add_header X-A: "b"`.
func (c Change) String() string {
	switch c.Code {
	case ReplyAddHeader:
		return "add_header " + logName(c.Name) + ": " + strconv.Quote(c.Value)
	case ReplyInsertHeader:
		return fmt.Sprintf("insert_header %d %s: %q", c.Index, logName(c.Name), c.Value)
	case ReplyChangeHeader:
		if c.Value == "" {
			return fmt.Sprintf("delete_header %s %d", logName(c.Name), c.Index)
		}
		return fmt.Sprintf("change_header %s %d: %q", logName(c.Name), c.Index, c.Value)
	case ReplyAddRcpt, ReplyAddRcptPar:
		return "add_recipient " + c.logAddress()
	case ReplyDelRcpt:
		return "delete_recipient " + c.logAddress()
	case ReplyChangeFrom:
		return "change_sender " + c.logAddress()
	case ReplyReplaceBody:
		size := len(c.Value)
		for _, p := range c.Pieces {
			size += len(p)
		}
		return fmt.Sprintf("replace_body %d bytes", size)
	case ReplyQuarantine:
		return "quarantine " + strconv.Quote(c.Value)
	}
	return c.Code.String()
}

// logName quotes a field name that would be no plain word in a log.
func logName(name string) string {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' || name[i] == ':' || name[i] == '"' {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

func (c *Change) logAddress() string {
	s := strconv.Quote(angled(c.Value))
	if c.Params != "" {
		s += " " + strconv.Quote(c.Params)
	}
	return s
}

// angled puts an address in <> that is not: MTAs want it so (smfi_addrcpt, smfi_chgfrom).
func angled(address string) string {
	if isAngled(address) {
		return address
	}
	return "<" + address + ">"
}

func isAngled(s string) bool {
	return len(s) >= 2 && s[0] == '<' && s[len(s)-1] == '>'
}

// check finds what would make the change another one on its way to the MTA.
func (c *Change) check(got Options) error {
	need := c.Action()
	if need == 0 {
		return fmt.Errorf("%v is no change", c.Code)
	}
	if got.Actions&need == 0 {
		return fmt.Errorf("%v was not negotiated", need)
	}
	if c.Code != ReplyReplaceBody && len(c.Name)+len(c.Value)+len(c.Params)+16 > maxReplyData {
		return fmt.Errorf("%d bytes do not fit in one packet", len(c.Name)+len(c.Value)+len(c.Params))
	}
	if c.Code == ReplyReplaceBody {
		return nil
	}
	for _, s := range [...]string{c.Name, c.Value, c.Params} {
		if strings.IndexByte(s, 0) >= 0 {
			return errors.New("NUL in the text")
		}
	}
	switch c.Code {
	case ReplyAddHeader, ReplyInsertHeader, ReplyChangeHeader:
		if c.Name == "" {
			return errors.New("no header name")
		}
	case ReplyQuarantine:
		if c.Value == "" {
			return errors.New("no reason") // smfi_quarantine refuses it, Sendmail would not hold
		}
	}
	return nil
}

// checkChanges checks all changes before the first is sent, because there is no way back then.
func checkChanges(changes []Change, got Options) error {
	for i := range changes {
		if err := changes[i].check(got); err != nil {
			return fmt.Errorf("encode %.200s: %w", changes[i].String(), err)
		}
	}
	return nil
}
