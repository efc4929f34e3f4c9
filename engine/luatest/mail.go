package luatest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/engine/mta"
	"luamilter/luabind"
	"luamilter/protocol"
)

// mailOptions are those of one mail.
var mailOptions = []string{"from", "params", "to", "mail", "text", "header", "body", "id", "abort", "may_fail"}

// The envelope of a mail of which the test says nothing.
const (
	defaultSender    = "sender@example.com"
	defaultRecipient = "recipient@example.org"
)

// mail reads the options of a mail.
func (r *runner) mail(o options) mta.Mail {
	m := mta.ParseMail(r.mailText(o))
	m.Sender = o.sender()
	if !o.has("from") && (o.has("mail") || o.has("text")) {
		m.Sender = m.DefaultSender()
	}
	m.SenderParams = o.params("params", o.get("params"))
	m.QueueID = o.text("id", "")
	m.Recipients = o.recipients()
	if !o.has("to") && (o.has("mail") || o.has("text")) {
		m.Recipients = nil
		for _, address := range m.DefaultRecipients() {
			m.Recipients = append(m.Recipients, mta.Recipient{Address: address})
		}
	}
	return m
}

func (o options) sender() string {
	return o.address("from", o.text("from", defaultSender))
}

// address takes the <> from an address that goes into the protocol.
func (o options) address(name, text string) string {
	if strings.Contains(text, "\x00") {
		o.fail(name, "%q can't be sent", shorten(text))
	}
	return mta.Bare(text)
}

// recipients are addresses, or tables of an address with params and the reply of an MTA that refuses it.
func (o options) recipients() []mta.Recipient {
	if !o.has("to") {
		return []mta.Recipient{{Address: defaultRecipient}}
	}
	values := o.list("to")
	if len(values) == 0 {
		// {address=...} without a list around it has no entries.
		values = []lua.LValue{o.get("to")}
	}
	var list []mta.Recipient
	for _, v := range values {
		t, ok := v.(*lua.LTable)
		if !ok {
			list = append(list, mta.Recipient{Address: o.address("to", o.textOf("to", v))})
			continue
		}
		in := options{luabind.Args{L: o.args.L, Name: o.args.Name + ": to"}, t}
		if !in.has("address") {
			o.fail("to", "a list of addresses expected, or of {address =, params =, rejected =}")
		}
		list = append(list, mta.Recipient{
			Address:  in.address("address", in.text("address", "")),
			Params:   in.params("params", in.get("params")),
			Rejected: in.rejected(),
		})
	}
	return list
}

var replyForm = regexp.MustCompile(`^([45]\d\d) (?:([45]\.\d{1,3}\.\d{1,3}) )?([^\r\n\x00]+)$`)

// rejected is the reply with which the MTA itself refuses a recipient.
func (o options) rejected() protocol.Reply {
	switch o.get("rejected") {
	case lua.LNil, lua.LFalse:
		return protocol.Reply{}
	case lua.LTrue:
		return protocol.Reply{Code: 550, EnhancedCode: "5.1.1", Lines: []string{"User unknown"}}
	}
	parts := replyForm.FindStringSubmatch(o.text("rejected", ""))
	if parts == nil {
		o.fail("rejected", `true or a reply such as "550 5.1.1 User unknown" expected`)
	}
	code, _ := strconv.Atoi(parts[1]) // three digits
	return protocol.Reply{Code: code, EnhancedCode: parts[2], Lines: []string{parts[3]}}
}

// params are ESMTP parameters: a text, or a table such as on_mail gets.
func (o options) params(name string, v lua.LValue) string {
	var list []string
	switch v := v.(type) {
	case *lua.LNilType:
		return ""
	case *lua.LTable:
		flags := o.args.L.NewTable()
		values := o.args.L.NewTable()
		v.ForEach(func(k, v lua.LValue) {
			if v == lua.LTrue {
				flags.RawSet(k, lua.LString(""))
			} else {
				values.RawSet(k, v)
			}
		})
		for _, p := range o.pairs(name, values) {
			list = append(list, p[0]+"="+p[1])
		}
		for _, p := range o.pairs(name, flags) {
			list = append(list, p[0])
		}
	default:
		list = strings.Fields(o.textOf(name, v))
	}
	text := strings.Join(list, " ")
	if strings.Contains(text, "\x00") {
		o.fail(name, "%q can't be sent", shorten(text))
	}
	return text
}

// mailText is the mail as a file: mail, text, or header and body, of which what is missing is made up.
func (r *runner) mailText(o options) string {
	switch whole := o.has("header") || o.has("body"); {
	case o.has("mail") && (o.has("text") || whole), o.has("text") && whole:
		o.args.L.RaiseError("%s: mail, text, or header and body: only one of them", o.args.Name)
	case o.has("mail"):
		return r.mailFile(o)
	case o.has("text"):
		return o.text("text", "")
	}
	header := o.header()
	if !o.has("header") {
		to := defaultRecipient
		if list := o.recipients(); len(list) > 0 {
			to = list[0].Address
		}
		header = "From: " + o.sender() + "\nTo: " + to + "\nSubject: test\n"
	}
	return header + "\n" + o.text("body", "test\n")
}

// header is a text, a list of lines, or a table {name = value}.
func (o options) header() string {
	t, ok := o.get("header").(*lua.LTable)
	if !ok {
		text := o.text("header", "")
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text
	}
	var b strings.Builder
	for _, v := range o.list("header") {
		b.WriteString(strings.TrimSuffix(o.textOf("header", v), "\n") + "\n")
	}
	if t.Len() == 0 {
		for _, p := range o.pairs("header", t) {
			b.WriteString(p[0] + ": " + p[1] + "\n")
		}
	}
	return b.String()
}

func (r *runner) mailFile(o options) string {
	path := r.beside(o.text("mail", ""))
	data, err := os.ReadFile(path)
	if err != nil {
		r.file.Used = append(r.file.Used, luabind.File{Path: path})
		o.fail("mail", "%s", err)
	}
	r.file.Used = append(r.file.Used, luabind.File{Path: path, Hash: fmt.Sprintf("%x", sha256.Sum256(data))})
	return string(data)
}

// abortStages are the commands behind which the client may give up.
var abortStages = map[string]protocol.Code{
	"mail": protocol.CodeMail, "rcpt": protocol.CodeRcpt, "data": protocol.CodeData, "header": protocol.CodeHeader,
	"eoh": protocol.CodeEOH, "body": protocol.CodeBody,
}

// lastCommand is where the client gives up, or the end of the mail.
func (o options) lastCommand() protocol.Code {
	name := o.text("abort", "")
	if name == "" {
		return protocol.CodeEOM
	}
	code, ok := abortStages[name]
	if !ok {
		o.fail("abort", "mail, rcpt, data, header, eoh or body expected, got %q", shorten(name))
	}
	return code
}
