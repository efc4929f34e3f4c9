package mta

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"luamilter/protocol"
)

// Mail is a mail as an MTA holds it: what arrived, then what a filter has made of it.
type Mail struct {
	Sender string // without <>; "" is the null sender
	// SenderParams are the ESMTP parameters behind the sender, joined by spaces. At MAIL, "" stands for the SIZE.
	SenderParams string
	Recipients   []Recipient
	Fields       []Field
	Body         string // lines end with LF
	QueueID      string // the macro i; "" is DefaultQueueID
	Quarantined  bool
	Reason       string // of the quarantine
}

// Recipient is an address without <>, with its ESMTP parameters, joined by spaces.
type Recipient struct {
	Address, Params string
	// Rejected is the reply with which the MTA itself refuses the recipient; the zero Reply, that it does not. A milter is
	// told of a refused recipient only if it has asked for that (SMFIP_RCPT_REJ), and what it answers is ignored.
	Rejected protocol.Reply
}

// Field is one header field with all its bytes.
type Field struct {
	Name  string
	Colon string // ":", or with the white space that old mails have before it
	Value string // from behind the colon on, folded with LF
	Own   bool   // the Received field of the MTA: it has a place in the order but is not shown to filters
}

// ownReceived stands for the field that the receiving MTA puts on top before filters see the mail.
func ownReceived() Field { return Field{Name: "Received", Colon: ":", Own: true} }

// ParseMail splits a mail into header and body as Postfix does: the first line that is no field, and does not continue
// one, begins the body. A line may end with LF or CRLF; a "From " line of an mbox file in front is dropped.
func ParseMail(data string) Mail {
	text := strings.ReplaceAll(data, "\r\n", "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n" // an SMTP client can't send less
	}
	if strings.HasPrefix(text, "From ") {
		_, text, _ = strings.Cut(text, "\n")
	}
	m := Mail{Fields: []Field{ownReceived()}}
	value := 0 // where that of the last field begins
	for at := 0; at < len(text); {
		end := at + strings.IndexByte(text[at:], '\n')
		line := text[at:end]
		if line == "" {
			at = end + 1
			m.Body = text[at:]
			break
		}
		last := &m.Fields[len(m.Fields)-1]
		if (line[0] == ' ' || line[0] == '\t') && !last.Own {
			last.Value = text[value:end]
		} else if field, ok := parseField(line); ok {
			m.Fields = append(m.Fields, field)
			value = end - len(field.Value)
		} else {
			m.Body = text[at:]
			break
		}
		at = end + 1
	}
	return m
}

// parseField takes the first line of a header field apart (RFC 5322 section 2.2, and 4.5 for the white space).
func parseField(line string) (Field, bool) {
	name, value, ok := strings.Cut(line, ":")
	bare := strings.TrimRight(name, " \t")
	for i := range len(bare) {
		if bare[i] <= ' ' || bare[i] > '~' {
			return Field{}, false
		}
	}
	return Field{Name: bare, Colon: name[len(bare):] + ":", Value: value}, ok && bare != ""
}

// Shown calls yield for each header field that filters see, until it returns false.
func (m *Mail) Shown(yield func(Field) bool) {
	for _, f := range m.Fields {
		if !f.Own && !yield(f) {
			return
		}
	}
}

// accepted are the recipients that the MTA itself does not refuse.
func (m *Mail) accepted() []Recipient {
	var list []Recipient
	for _, r := range m.Recipients {
		if r.Rejected.IsZero() {
			list = append(list, r)
		}
	}
	return list
}

// Text is the mail as a file with LF.
func (m *Mail) Text() string {
	var b strings.Builder
	for f := range m.Shown {
		b.WriteString(f.Name + f.Colon + f.Value + "\n")
	}
	b.WriteString("\n" + m.Body)
	return b.String()
}

// Clone is a copy that can be changed.
func (m *Mail) Clone() Mail {
	c := *m
	c.Fields, c.Recipients = slices.Clone(m.Fields), slices.Clone(m.Recipients)
	return c
}

// Field is the value of the first header field of a name, without white space around it.
func (m *Mail) Field(name string) (string, bool) {
	for f := range m.Shown {
		if strings.EqualFold(f.Name, name) {
			return strings.TrimSpace(f.Value), true
		}
	}
	return "", false
}

// Envelope is the envelope in SMTP commands.
func (m *Mail) Envelope() []string {
	list := []string{strings.TrimSpace("MAIL FROM:<" + m.Sender + "> " + m.SenderParams)}
	for _, r := range m.Recipients {
		list = append(list, strings.TrimSpace("RCPT TO:<"+r.Address+"> "+r.Params))
	}
	return list
}

// DefaultSender is what the envelope most likely said: Return-Path, else From, else the null sender.
func (m *Mail) DefaultSender() string {
	if path, ok := m.Field("Return-Path"); ok {
		return Bare(strings.ReplaceAll(path, "\x00", ""))
	}
	from, _ := m.Field("From")
	if list := addresses(from); len(list) > 0 {
		return list[0]
	}
	return ""
}

// DefaultRecipients are those of To.
func (m *Mail) DefaultRecipients() []string {
	to, _ := m.Field("To")
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

// Bare takes the <> from an address.
func Bare(address string) string {
	address = strings.TrimSpace(address)
	if inner, ok := strings.CutPrefix(address, "<"); ok {
		return strings.TrimSuffix(inner, ">")
	}
	return address
}
