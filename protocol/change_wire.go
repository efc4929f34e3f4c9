package protocol

import (
	"encoding/binary"
	"strings"
)

// appendChange appends the frames of one change that check has found right. What is more than one
// frame is ReplyReplaceBody, which goes through appendBody.
func appendChange(dst []byte, c *Change, leadingSpace bool) []byte {
	dst, start := beginFrame(dst, byte(c.wireCode()))
	switch c.wireCode() {
	case ReplyInsertHeader, ReplyChangeHeader:
		dst = binary.BigEndian.AppendUint32(dst, c.Index)
		fallthrough
	case ReplyAddHeader:
		dst = appendString(dst, c.Name)
		deletes := c.Code == ReplyChangeHeader && c.Value == ""
		if leadingSpace && !c.NoSpace && !deletes {
			dst = append(dst, ' ')
		}
		dst = appendString(dst, c.Value)
	case ReplyAddRcpt, ReplyDelRcpt:
		dst = appendString(dst, angled(c.Value))
	case ReplyAddRcptPar, ReplyChangeFrom:
		dst = appendString(dst, angled(c.Value))
		if c.Params != "" {
			dst = appendString(dst, c.Params)
		}
	case ReplyQuarantine:
		dst = appendString(dst, c.Value)
	}
	return endFrame(dst, start)
}

// newBody is what is yet to send of a new body.
type newBody struct {
	value  string
	pieces [][]byte
	done   int // bytes of the first piece
}

// appendBody appends one packet of the new body and says whether it was the last. An empty body is
// one empty packet: without any, the MTA keeps the old one.
func appendBody(dst []byte, b *newBody) (out []byte, last bool) {
	dst, start := beginFrame(dst, byte(ReplyReplaceBody))
	room := min(len(b.value), maxReplyData)
	dst = append(dst, b.value[:room]...)
	b.value = b.value[room:]
	room = maxReplyData - room
	for len(b.pieces) > 0 {
		piece := b.pieces[0][b.done:]
		if len(piece) > room {
			b.done += room
			return endFrame(append(dst, piece[:room]...), start), false
		}
		dst = append(dst, piece...)
		room -= len(piece)
		b.pieces, b.done = b.pieces[1:], 0
	}
	return endFrame(dst, start), b.value == ""
}

// decodeChange reads a reply that is a change, of ReplyReplaceBody one packet. The bool is false for
// a reply that is none.
func decodeChange(code ReplyCode, data string, leadingSpace bool) (c Change, ok bool, err error) {
	c.Code = code
	switch code {
	case ReplyInsertHeader, ReplyChangeHeader:
		c.Index, data, err = cutUint32(data)
		if err == nil {
			err = c.decodeHeader(data, leadingSpace)
		}
	case ReplyAddHeader:
		err = c.decodeHeader(data, leadingSpace)
	case ReplyAddRcpt, ReplyDelRcpt:
		c.Value, err = onlyString(data)
		c.Value = unangled(c.Value)
	case ReplyAddRcptPar, ReplyChangeFrom:
		c.Value, data, err = cutString(data)
		c.Value = unangled(c.Value)
		if err == nil && data != "" {
			c.Params, err = onlyString(data)
		}
	case ReplyQuarantine:
		c.Value, err = onlyString(data)
	case ReplyReplaceBody:
		c.Value = data
	default:
		return Change{}, false, nil
	}
	if err == nil && code != ReplyReplaceBody {
		err = c.check(Options{Actions: AllActions})
	}
	if err != nil {
		return Change{}, true, decodeError(code, err)
	}
	return c, true, nil
}

func (c *Change) decodeHeader(data string, leadingSpace bool) (err error) {
	c.Name, data, err = cutString(data)
	if err != nil {
		return err
	}
	raw, err := onlyString(data)
	if err != nil {
		return err
	}
	c.Value = raw
	if !leadingSpace {
		return nil
	}
	value, spaced := strings.CutPrefix(raw, " ")
	if c.Code == ReplyChangeHeader && value == "" {
		// "" deletes the field and " " leaves it with an empty value, so the space is the value.
		c.NoSpace = spaced
		return nil
	}
	c.Value, c.NoSpace = value, !spaced
	return nil
}

// unangled takes the <> off an address that gets them back when it is sent.
func unangled(s string) string {
	if isAngled(s) && !isAngled(s[1:len(s)-1]) {
		return s[1 : len(s)-1]
	}
	return s
}
