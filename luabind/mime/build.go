package mime

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"luamilter/luabind/header"
)

// build makes the Content-* fields and the encoded body of a new leaf.
func (m *Message) build(c Content, boundaries []string, eol string) (fields []field, body []byte, err error) {
	main, params, err := c.mediaType()
	if err != nil {
		return nil, nil, err
	}
	if i := strings.IndexFunc(c.Filename, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		return nil, nil, fmt.Errorf("%q at byte %d may not stand in a file name", c.Filename[i], i+1)
	}
	encoding := ""
	switch {
	case strings.HasPrefix(main, "text/"):
		text, _ := header.ToUTF8("utf-8", c.Data)
		charset := "us-ascii"
		if !isASCII(text) {
			charset = "utf-8"
		}
		params = append(params, header.Param{Name: "charset", Value: charset})
		body, encoding = m.encodeText(text, "", boundaries, eol)
	case strings.HasPrefix(main, "message/"):
		m.work(2 * len(c.Data))
		body = withLineEnds(c.Data, eol)
		if holdsBoundary(body, boundaries) {
			return nil, nil, errBoundary
		}
		if !isASCII(body) {
			encoding = "8bit" // RFC 2046 section 5.2.1: not base64
		}
	default:
		m.work(2 * len(c.Data))
		body, encoding = encodeBase64(c.Data, eol), "base64"
	}
	add := func(name, value string) { fields = append(fields, made(name, header.Fold(name, value))) }
	add("Content-Type", header.FormatParams(main, params))
	if encoding != "" {
		add("Content-Transfer-Encoding", encoding)
	}
	if c.Filename != "" || c.Disposition != "" {
		disposition, params := c.Disposition, []header.Param(nil)
		if disposition == "" {
			disposition = "attachment"
		}
		if !isToken(disposition) {
			return nil, nil, fmt.Errorf("%q is no disposition; attachment and inline are", disposition)
		}
		if c.Filename != "" {
			params = []header.Param{{Name: "filename", Value: c.Filename}}
		}
		add("Content-Disposition", header.FormatParams(disposition, params))
	}
	return fields, body, nil
}

var errBoundary = errors.New("the message inside has the boundary of the multipart around it")

// mediaType checks the type of a new part.
func (c *Content) mediaType() (main string, params []header.Param, err error) {
	if c.Type == "" {
		return "text/plain", nil, nil
	}
	main, params, _ = header.ParseParams(c.Type)
	kind, sub, _ := strings.Cut(main, "/")
	switch {
	case !isToken(kind) || !isToken(sub):
		return "", nil, fmt.Errorf("%q is no media type, such as text/plain", c.Type)
	case kind == "multipart", kind == "message" && sub != "rfc822" && sub != "global":
		return "", nil, fmt.Errorf("a part of type %s can't be made", main)
	}
	params = slices.DeleteFunc(params, func(q header.Param) bool {
		return q.Name == "charset" || strings.Contains(q.Name, "name") || strings.ContainsAny(q.Value, "\r\n\x00")
	})
	return main, params, nil
}

// encodeText chooses how text goes out: as it is, if the part has no other encoding and all who pass it on can take
// it, otherwise quoted-printable or base64, whichever is shorter.
func (m *Message) encodeText(text []byte, encoding string, boundaries []string, eol string) (body []byte, name string) {
	m.work(3 * len(text))
	switch encoding {
	case "", "7bit":
		if body = withLineEnds(text, eol); isASCII(body) && fits(body, boundaries) {
			return body, encoding
		}
	case "8bit", "binary":
		if body = withLineEnds(text, eol); fits(body, boundaries) {
			return body, encoding
		}
	}
	if quotedSize(text) <= base64Size(len(text), len(eol)) {
		return encodeQuoted(text, eol), "quoted-printable"
	}
	return encodeBase64(withLineEnds(text, "\r\n"), eol), "base64"
}

// fits says whether lines can be sent as they are (RFC 5321 section 4.5.3.1.6: at most 998 bytes).
func fits(body []byte, boundaries []string) bool {
	for rest := body; len(rest) > 0; {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = bytes.TrimSuffix(rest[:i], []byte("\r")), rest[i+1:]
		} else {
			rest = nil
		}
		if len(line) > 998 || bytes.IndexByte(line, 0) >= 0 || bytes.IndexByte(line, '\r') >= 0 {
			return false
		}
	}
	return !holdsBoundary(body, boundaries)
}

// holdsBoundary says whether a line of body could be taken for a delimiter.
func holdsBoundary(body []byte, boundaries []string) bool {
	for _, b := range boundaries {
		needle := []byte("--" + b)
		for pos := 0; ; {
			i := bytes.Index(body[pos:], needle)
			if i < 0 {
				break
			}
			if pos += i; pos == 0 || body[pos-1] == '\n' || body[pos-1] == '\r' {
				return true
			}
			pos += 2
		}
	}
	return false
}

// withLineEnds is text with one kind of line end for CRLF and LF.
func withLineEnds(text []byte, eol string) []byte {
	unix := bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if eol == "\n" {
		return unix
	}
	return bytes.ReplaceAll(unix, []byte("\n"), []byte(eol))
}
