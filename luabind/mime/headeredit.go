package mime

import (
	"fmt"
	"slices"
	"strings"

	"luamilter/luabind/address"
	"luamilter/luabind/header"
)

// maxValue bounds a header field that is made: what an MTA takes in one frame.
const maxValue = 65000

// SetHeader replaces the first field of a name and deletes the others, or adds one. The text is in UTF-8; it is encoded
// (RFC 2047; in an address list the names only) and folded. An empty text deletes all fields of the name, as in
// smfi_chgheader. The error says what is wrong with name or text.
func (m *Message) SetHeader(name, text string) error {
	if text == "" {
		if err := checkName(name); err != nil {
			return err
		}
		m.DeleteHeader(name, 0)
		return nil
	}
	value, err := encodeValue(name, text)
	if err != nil {
		return err
	}
	m.setField(name, value)
	return nil
}

// AddHeader adds a field at the end of the header; see SetHeader.
func (m *Message) AddHeader(name, text string) error {
	value, err := encodeValue(name, text)
	if err != nil {
		return err
	}
	m.edits++
	m.fields = append(slices.Clip(m.fields), made(name, value))
	return nil
}

// DeleteHeader deletes the n-th field of a name as the header is now, all of them for 0, and says how many it deleted.
func (m *Message) DeleteHeader(name string, n int) int {
	m.edits++
	was, seen := len(m.fields), 0
	m.fields = slices.DeleteFunc(slices.Clone(m.fields), func(f field) bool {
		if !f.is(name) {
			return false
		}
		seen++
		return n == 0 || seen == n
	})
	return was - len(m.fields)
}

func (m *Message) setField(name, value string) {
	m.edits++
	m.fields = withField(m.fields, made(name, value))
}

// withField is the header with f in place of all of its name.
func withField(fields []field, f field) []field {
	out := make([]field, 0, len(fields)+1)
	done := false
	for i := range fields {
		old := fields[i]
		switch {
		case !old.is(string(f.name)):
			out = append(out, old)
		case !done:
			if done, f.name = true, old.name; string(f.value) == string(old.value) {
				f = old
			}
			f.origin = old.origin
			out = append(out, f)
		}
	}
	if !done {
		out = append(out, f)
	}
	return out
}

// without is the header less the fields of a name.
func without(fields []field, name string) []field {
	return slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.is(name) })
}

func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("a header field needs a name")
	}
	for i := 0; i < len(name); i++ {
		if name[i] <= ' ' || name[i] > '~' || name[i] == ':' {
			return fmt.Errorf("%q at byte %d may not stand in the name of a header field", name[i], i+1)
		}
	}
	if len(name) > maxValue {
		return fmt.Errorf("the name of a header field has %d bytes; an MTA takes at most %d", len(name), maxValue)
	}
	return nil
}

// addressFields hold lists of addresses, in which only names may be encoded words (RFC 2047 section 5).
var addressFields = []string{"from", "to", "cc", "bcc", "reply-to", "sender", "resent-from", "resent-to", "resent-cc", "resent-bcc",
	"resent-sender", "disposition-notification-to"}

func encodeValue(name, text string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	text = strings.Trim(header.Unfold(text), " \t")
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == 0 || c == '\r' || c == '\n' {
			return "", fmt.Errorf("%q at byte %d may not stand in a header field", c, i+1)
		}
	}
	value := text
	switch lower := strings.ToLower(name); {
	case slices.Contains(addressFields, lower):
		value = encodeAddresses(text)
	case lower == "content-type" || lower == "content-disposition":
		if !isASCII([]byte(text)) {
			main, params, _ := header.ParseParams(text)
			value = header.FormatParams(main, params)
		}
	default:
		value = header.Encode(text)
	}
	value = header.Fold(name, value)
	if n := len(name) + len(value); n > maxValue {
		return "", fmt.Errorf("the field %.80s has %d bytes; an MTA takes at most %d", name, n, maxValue)
	}
	return value, nil
}

func encodeAddresses(text string) string {
	if isASCII([]byte(text)) {
		return text
	}
	list, _ := address.ParseList(text)
	var out []string
	for _, a := range list {
		if a.Group != "" || a.Address == "" {
			return header.Encode(text)
		}
		out = append(out, address.Format(a))
	}
	if out == nil {
		return header.Encode(text)
	}
	return strings.Join(out, ", ")
}
