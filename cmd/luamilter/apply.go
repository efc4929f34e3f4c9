package main

import (
	"slices"
	"strings"

	"luamilter/protocol"
)

// apply makes the changes of a filter to a mail as Postfix does.
func (m *email) apply(changes []protocol.Change) {
	replaced := false
	for _, c := range changes {
		switch c.Code {
		case protocol.ReplyAddHeader:
			m.headers = append(m.headers, changedField(c))
		case protocol.ReplyInsertHeader:
			// The MTA's own Received field counts: 0 is above it, 1 below.
			m.headers = slices.Insert(m.headers, min(int(c.Index), len(m.headers)), changedField(c))
		case protocol.ReplyChangeHeader:
			m.changeHeader(c)
		case protocol.ReplyAddRcpt, protocol.ReplyAddRcptPar:
			m.recipients = append(m.recipients, recipient{bare(c.Value), c.Params})
		case protocol.ReplyDelRcpt:
			m.recipients = slices.DeleteFunc(m.recipients, func(r recipient) bool { return r.address == bare(c.Value) })
		case protocol.ReplyChangeFrom:
			m.sender, m.senderArgs = bare(c.Value), c.Params
		case protocol.ReplyReplaceBody:
			if !replaced {
				m.body, replaced = "", true
			}
			m.body += c.Value // a long one comes in pieces
		case protocol.ReplyQuarantine:
			m.quarantined, m.reason = true, c.Value
		}
	}
	if replaced {
		m.body = strings.ReplaceAll(m.body, "\r\n", "\n")
		if m.body != "" && !strings.HasSuffix(m.body, "\n") {
			m.body += "\n" // MTAs end the last line
		}
	}
}

// changedField is a header field as the MTA writes it for a filter.
func changedField(c protocol.Change) headerField {
	space := " "
	if c.NoSpace {
		space = ""
	}
	return headerField{name: c.Name, colon: ":", value: space + c.Value}
}

// changeHeader replaces the field of that name and number, the first being 1; an empty value deletes it. One that is not
// there is added.
func (m *email) changeHeader(c protocol.Change) {
	seen := uint32(0)
	for i, h := range m.headers {
		if h.own || !strings.EqualFold(h.name, c.Name) {
			continue
		}
		if seen++; seen < max(c.Index, 1) {
			continue
		}
		if c.Value == "" {
			m.headers = slices.Delete(m.headers, i, i+1)
		} else {
			m.headers[i] = changedField(c)
		}
		return
	}
	if c.Value != "" {
		m.headers = append(m.headers, changedField(c))
	}
}
