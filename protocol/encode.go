package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// appendEvent appends the frame of a command, as the MTA sends it. Strings that the wire cannot
// hold are errors.
func appendEvent(dst []byte, ev *Event, leadingSpace bool) ([]byte, error) {
	limit := maxFrame
	before := len(dst)
	dst, start := beginFrame(dst, byte(ev.Code))
	var texts []string
	switch ev.Code {
	case CodeConnect:
		texts = []string{ev.Hostname, ev.Address}
		dst = appendConnect(dst, ev)
	case CodeHelo:
		texts = []string{ev.Name}
		dst = appendString(dst, ev.Name)
	case CodeMail, CodeRcpt:
		texts = append([]string{ev.Mailbox}, ev.Params...)
		dst = appendString(dst, ev.Mailbox)
		for _, p := range ev.Params {
			dst = appendString(dst, p)
		}
	case CodeHeader:
		texts = []string{ev.Name, ev.Value}
		dst = appendString(dst, ev.Name)
		if leadingSpace && !ev.NoSpace {
			dst = append(dst, ' ')
		}
		dst = appendString(dst, ev.Value)
	case CodeBody, CodeEOM:
		limit = maxBodyFrame
		dst = append(dst, ev.Body...)
	case CodeUnknown:
		texts = []string{ev.Value}
		dst = appendString(dst, ev.Value)
	}
	for _, s := range texts {
		if strings.IndexByte(s, 0) >= 0 {
			return dst[:before], fmt.Errorf("encode %v: NUL in %.40q", ev.Code, s)
		}
	}
	if n := len(dst) - start - frameHeader; n > limit {
		return dst[:before], fmt.Errorf("encode %v: %d bytes, the most is %d", ev.Code, n, limit)
	}
	return endFrame(dst, start), nil
}

func appendConnect(dst []byte, ev *Event) []byte {
	dst = appendString(dst, ev.Hostname)
	dst = append(dst, byte(ev.Family))
	if ev.Family == FamilyUnknown {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, ev.Port)
	return appendString(dst, ev.Address)
}

// appendMacroFrame appends the frame that defines macros for the command that follows.
func appendMacroFrame(dst []byte, code Code, pairs []string) ([]byte, error) {
	if len(pairs)%2 != 0 {
		return dst, fmt.Errorf("encode macro: %w", errOddMacros)
	}
	before := len(dst)
	dst, start := beginFrame(dst, byte(CodeMacro))
	dst = append(dst, byte(code))
	for _, s := range pairs {
		if strings.IndexByte(s, 0) >= 0 {
			return dst[:before], errors.New("encode macro: NUL in the text")
		}
		dst = appendString(dst, s)
	}
	if n := len(dst) - start - frameHeader; n > maxFrame {
		return dst[:before], fmt.Errorf("encode macro: %d bytes, the most is %d", n, maxFrame)
	}
	return endFrame(dst, start), nil
}
