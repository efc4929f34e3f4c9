package main

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
)

// email is a mail as an MTA holds it: what arrived, then what a filter has made of it.
type email struct {
	sender      string // without <>
	senderArgs  string // ESMTP parameters that a filter has set
	recipients  []recipient
	headers     []headerField
	body        string // lines end with LF
	quarantined bool
	reason      string // of the quarantine
}

// recipient is an address without <>, with the ESMTP parameters that a filter has set.
type recipient struct{ address, args string }

// headerField is one field with all its bytes.
type headerField struct {
	name  string
	colon string // ":", or with the white space that old mails have before it
	value string // from behind the colon on, folded with LF
	own   bool   // the Received field of the MTA: it has a place in the order but is not shown to filters
}

// ownReceived stands for the field that the receiving MTA puts on top before filters see the mail.
func ownReceived() headerField { return headerField{name: "Received", colon: ":", own: true} }

// parseEmail splits a mail into header and body as Postfix does: the first line that is no field, and does not continue
// one, begins the body. A line may end with LF or CRLF; a "From " line of an mbox file in front is dropped.
func parseEmail(data string) email {
	rest := strings.ReplaceAll(data, "\r\n", "\n")
	if rest != "" && !strings.HasSuffix(rest, "\n") {
		rest += "\n" // an SMTP client can't send less
	}
	if strings.HasPrefix(rest, "From ") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	m := email{headers: []headerField{ownReceived()}}
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		if line == "" {
			rest = after
			break
		}
		last := &m.headers[len(m.headers)-1]
		if (line[0] == ' ' || line[0] == '\t') && !last.own {
			last.value += "\n" + line
		} else if field, ok := parseField(line); ok {
			m.headers = append(m.headers, field)
		} else {
			break
		}
		rest = after
	}
	m.body = rest
	return m
}

// parseField takes the first line of a header field apart (RFC 5322 section 2.2, and 4.5 for the white space).
func parseField(line string) (headerField, bool) {
	name, value, ok := strings.Cut(line, ":")
	bare := strings.TrimRight(name, " \t")
	for i := range len(bare) {
		if bare[i] <= ' ' || bare[i] > '~' {
			return headerField{}, false
		}
	}
	return headerField{name: bare, colon: name[len(bare):] + ":", value: value}, ok && bare != ""
}

// text is the mail as a file with LF.
func (m *email) text() string {
	var b strings.Builder
	for _, h := range m.headers {
		if !h.own {
			b.WriteString(h.name + h.colon + h.value + "\n")
		}
	}
	b.WriteString("\n" + m.body)
	return b.String()
}

// clone is a copy that can be changed.
func (m *email) clone() email {
	c := *m
	c.headers, c.recipients = slices.Clone(m.headers), slices.Clone(m.recipients)
	return c
}

// field is the value of the first header field of a name.
func (m *email) field(name string) (string, bool) {
	for _, h := range m.headers {
		if !h.own && strings.EqualFold(h.name, name) {
			return strings.TrimSpace(h.value), true
		}
	}
	return "", false
}

// defaultSender is what the envelope most likely said: Return-Path, else From, else the null sender.
func (m *email) defaultSender() string {
	if path, ok := m.field("Return-Path"); ok {
		return bare(strings.ReplaceAll(path, "\x00", ""))
	}
	from, _ := m.field("From")
	if list := addresses(from); len(list) > 0 {
		return list[0]
	}
	return ""
}

// defaultRecipients are those of To.
func (m *email) defaultRecipients() []string {
	to, _ := m.field("To")
	if list := addresses(to); len(list) > 0 {
		return list
	}
	return []string{"postmaster@localhost"}
}

// addresses finds the addresses in a header field, in a broken one as well.
func addresses(value string) []string {
	value = strings.NewReplacer("\n", "", "\x00", "").Replace(value) // no SMTP command has a NUL
	var found []string
	if list, err := mail.ParseAddressList(value); err == nil {
		for _, a := range list {
			found = append(found, a.Address)
		}
		return found
	}
	return regexp.MustCompile(`[^\s<>,;:"()]+@[^\s<>,;:"()]+`).FindAllString(value, -1)
}

// bare takes the <> from an address.
func bare(address string) string {
	address = strings.TrimSpace(address)
	if inner, ok := strings.CutPrefix(address, "<"); ok {
		return strings.TrimSuffix(inner, ">")
	}
	return address
}
