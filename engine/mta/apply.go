package mta

import (
	"slices"
	"strings"

	"luamilter/protocol"
)

// Apply makes the changes of a filter to a mail as Postfix does.
func (m *Mail) Apply(changes []protocol.Change) {
	replaced := false
	for _, c := range changes {
		switch c.Code {
		case protocol.ReplyAddHeader:
			m.Fields = append(m.Fields, changedField(c))
		case protocol.ReplyInsertHeader:
			// The MTA's own Received field counts: 0 is above it, 1 below.
			m.Fields = slices.Insert(m.Fields, min(int(c.Index), len(m.Fields)), changedField(c))
		case protocol.ReplyChangeHeader:
			m.changeHeader(c)
		case protocol.ReplyAddRcpt, protocol.ReplyAddRcptPar:
			m.Recipients = append(m.Recipients, Recipient{Address: Bare(c.Value), Params: c.Params})
		case protocol.ReplyDelRcpt:
			m.Recipients = slices.DeleteFunc(m.Recipients, func(r Recipient) bool { return r.Address == Bare(c.Value) })
		case protocol.ReplyChangeFrom:
			m.Sender, m.SenderParams = Bare(c.Value), c.Params
		case protocol.ReplyReplaceBody:
			if !replaced {
				m.Body, replaced = "", true
			}
			m.Body += c.Value // a long one comes in pieces
		case protocol.ReplyQuarantine:
			m.Quarantined, m.Reason = true, c.Value
		}
	}
	if replaced {
		m.Body = strings.ReplaceAll(m.Body, "\r\n", "\n")
		if m.Body != "" && !strings.HasSuffix(m.Body, "\n") {
			m.Body += "\n" // MTAs end the last line
		}
	}
}

// changedField is a header field as the MTA writes it for a filter.
func changedField(c protocol.Change) Field {
	space := " "
	if c.NoSpace {
		space = ""
	}
	return Field{Name: c.Name, Colon: ":", Value: space + c.Value}
}

// changeHeader replaces the field of that name and number, the first being 1; an empty value deletes it. One that is not
// there is added.
func (m *Mail) changeHeader(c protocol.Change) {
	seen := uint32(0)
	for i, h := range m.Fields {
		if h.Own || !strings.EqualFold(h.Name, c.Name) {
			continue
		}
		if seen++; seen < max(c.Index, 1) {
			continue
		}
		if c.Value == "" {
			m.Fields = slices.Delete(m.Fields, i, i+1)
		} else {
			m.Fields[i] = changedField(c)
		}
		return
	}
	if c.Value != "" {
		m.Fields = append(m.Fields, changedField(c))
	}
}
