package protocol

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// maxParams bounds the ESMTP parameters of one MAIL or RCPT.
const maxParams = 1000

// decodeEvent fills ev from the data of a command. leadingSpace: StepLeadingSpace was negotiated.
func decodeEvent(ev *Event, code Code, data string, leadingSpace bool) (err error) {
	ev.Code = code
	switch code {
	case CodeConnect:
		err = decodeConnect(ev, data)
	case CodeHelo:
		ev.Name, err = onlyString(data)
	case CodeMail, CodeRcpt:
		err = decodeMailbox(ev, data)
	case CodeHeader:
		err = decodeHeader(ev, data, leadingSpace)
	case CodeBody, CodeEOM:
		ev.Body = data
	case CodeUnknown:
		ev.Value, err = onlyString(data)
	default:
		if data != "" {
			err = errData
		}
	}
	if err != nil {
		return decodeError(code, err)
	}
	return nil
}

// decodeConnect: host name NUL, family, and unless that is unknown the port and address NUL.
func decodeConnect(ev *Event, data string) (err error) {
	ev.Hostname, data, err = cutString(data)
	if err != nil {
		return err
	}
	if data == "" {
		return errors.New("no address family")
	}
	family := Family(data[0])
	data = data[1:]
	switch family {
	case FamilyUnknown:
		ev.Family = FamilyUnknown // libmilter ignores what follows, some clients send a port
		return nil
	case FamilyUnix, FamilyInet, FamilyInet6:
	default:
		return fmt.Errorf("unknown address %v", family)
	}
	if len(data) < 2 {
		return errShort
	}
	port := uint16(data[0])<<8 | uint16(data[1])
	address, err := onlyString(data[2:])
	if err != nil {
		return err
	}
	ev.Family, ev.Address, ev.Port = connectAddress(family, address, port)
	return nil
}

// connectAddress makes an address plain. One that does not parse is that of an unknown family.
func connectAddress(family Family, address string, port uint16) (Family, string, uint16) {
	if family == FamilyUnix {
		return family, address, port
	}
	if strings.HasPrefix(address, "[") && strings.HasSuffix(address, "]") {
		address = address[1 : len(address)-1]
	}
	if len(address) > 5 && strings.EqualFold(address[:5], "IPv6:") { // Sendmail
		address = address[5:]
	}
	a, err := netip.ParseAddr(address)
	if err != nil || a.Is4() != (family == FamilyInet) {
		return FamilyUnknown, "", 0
	}
	return family, address, port
}

// decodeMailbox: the address NUL, then each ESMTP parameter NUL.
func decodeMailbox(ev *Event, data string) (err error) {
	ev.Mailbox, data, err = cutString(data)
	if err != nil || data == "" {
		return err
	}
	if data[len(data)-1] != 0 {
		return errNoNUL
	}
	n := strings.Count(data, "\x00")
	if n > maxParams {
		return fmt.Errorf("%d parameters", n)
	}
	ev.Params = make([]string, n)
	for i := range ev.Params {
		ev.Params[i], data, _ = cutString(data)
	}
	return nil
}

// decodeHeader: name NUL value NUL.
func decodeHeader(ev *Event, data string, leadingSpace bool) (err error) {
	ev.Name, data, err = cutString(data)
	if err != nil {
		return err
	}
	ev.Value, err = onlyString(data)
	if err != nil || !leadingSpace {
		return err // the MTA has removed the space
	}
	if v, ok := strings.CutPrefix(ev.Value, " "); ok {
		ev.Value = v
	} else {
		ev.NoSpace = true
	}
	return nil
}

// decodeMacroCode splits the data of SMFIC_MACRO into the command it is for and the pairs.
func decodeMacroCode(data string) (Code, string, error) {
	if data == "" {
		return 0, "", decodeError(CodeMacro, errShort)
	}
	code := Code(data[0])
	if commands[code].from == 0 {
		return 0, "", decodeError(CodeMacro, fmt.Errorf("unknown %v", code))
	}
	return code, data[1:], nil
}
