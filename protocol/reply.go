package protocol

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The limits of smfi_setmlreply.
const (
	MaxReplyLines = 32  // lines of one reply
	MaxReplyLine  = 980 // bytes of the text of one line, each '%' counted twice
)

// Reply is the SMTP reply that goes with a verdict (smfi_setreply, smfi_setmlreply). The zero Reply
// leaves the text to the MTA.
type Reply struct {
	Code         int      // such as 550
	EnhancedCode string   // such as "5.7.1" (RFC 3463), or ""
	Lines        []string // literal text: '%' is doubled when it is sent
}

// IsZero reports that the reply leaves the text to the MTA.
func (r Reply) IsZero() bool {
	return r.Code == 0 && r.EnhancedCode == "" && len(r.Lines) == 0
}

// String gives "550 5.7.1 text", the lines of a longer reply as "550-5.7.1 a\n550 5.7.1 b", and ""
// for the zero Reply.
func (r Reply) String() string {
	if r.IsZero() {
		return ""
	}
	return string(r.appendText(nil, "\n", false))
}

// appendText writes the reply as SMTP has it, with eol between the lines.
func (r Reply) appendText(dst []byte, eol string, double bool) []byte {
	lines := r.Lines
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, line := range lines {
		if i > 0 {
			dst = append(dst, eol...)
		}
		dst = strconv.AppendInt(dst, int64(r.Code), 10)
		if i < len(lines)-1 {
			dst = append(dst, '-')
		} else {
			dst = append(dst, ' ')
		}
		if r.EnhancedCode != "" {
			dst = append(dst, r.EnhancedCode...)
			dst = append(dst, ' ')
		}
		if double {
			dst = appendDoubled(dst, line)
		} else {
			dst = append(dst, line...)
		}
	}
	return dst
}

// appendDoubled doubles '%': the MTA hands the text to a printf. Sendmail throws a text with a
// single one away, Postfix drops it.
func appendDoubled(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i+1]...)
		dst = append(dst, '%')
		s = s[i+1:]
	}
}

// Check tells what is wrong with a reply to a verdict of the given kind: the class of the code (5yz
// for VerdictReject, 4yz for VerdictTempfail, 421 for VerdictShutdown, none for the others), an
// enhanced code that is none (RFC 3463) or of another class, and the limits of smfi_setmlreply: 32
// lines, 980 bytes a line, no CR, LF or NUL. The zero Reply is right for every kind.
func (r Reply) Check(kind VerdictKind) error {
	if r.IsZero() {
		return nil
	}
	switch kind {
	case VerdictReject:
		if r.Code < 500 || r.Code > 599 {
			return fmt.Errorf("reject: code %d is not 5yz", r.Code)
		}
	case VerdictTempfail:
		if r.Code < 400 || r.Code > 499 {
			return fmt.Errorf("tempfail: code %d is not 4yz", r.Code)
		}
	case VerdictShutdown:
		if r.Code != 421 {
			return fmt.Errorf("shutdown: code %d is not 421", r.Code)
		}
	default:
		return fmt.Errorf("%v: takes no reply", kind)
	}
	if err := r.checkText(); err != nil {
		return fmt.Errorf("%v: %w", kind, err)
	}
	return nil
}

func (r Reply) checkText() error {
	class := byte('0' + r.Code/100)
	if x := r.EnhancedCode; x != "" {
		if !IsEnhancedCode(x) {
			return fmt.Errorf("enhanced code %.40q is not class.subject.detail", x)
		}
		if x[0] != class {
			return fmt.Errorf("enhanced code %s does not match code %d", x, r.Code)
		}
	}
	if len(r.Lines) > MaxReplyLines {
		return fmt.Errorf("%d lines of text, the most is %d", len(r.Lines), MaxReplyLines)
	}
	for i, line := range r.Lines {
		if n := len(line) + strings.Count(line, "%"); n > MaxReplyLine {
			return fmt.Errorf("line %d of the text has %d bytes, the most is %d", i+1, n, MaxReplyLine)
		}
		if strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("line %d of the text contains CR, LF or NUL", i+1)
		}
		if r.EnhancedCode != "" {
			continue
		}
		// Postfix reads an enhanced code where the text starts with one.
		if x := leadingEnhancedCode(line); x != "" && x[0] != class {
			return fmt.Errorf("enhanced code %s does not match code %d", x, r.Code)
		}
	}
	return nil
}

// IsEnhancedCode: class "." subject "." detail of RFC 3463 section 2, subject and detail of one to
// three digits.
func IsEnhancedCode(s string) bool {
	return s != "" && enhancedCodeLen(s) == len(s)
}

// leadingEnhancedCode gives the enhanced code a line of text starts with, or "".
func leadingEnhancedCode(line string) string {
	n := enhancedCodeLen(line)
	if n == 0 || n < len(line) && line[n] != ' ' {
		return ""
	}
	return line[:n]
}

func enhancedCodeLen(s string) int {
	if len(s) < 5 || s[0] != '2' && s[0] != '4' && s[0] != '5' {
		return 0
	}
	i := 1
	for range 2 {
		if i >= len(s) || s[i] != '.' {
			return 0
		}
		i++
		n := 0
		for i < len(s) && n < 3 && isDigit(s[i]) {
			i++
			n++
		}
		if n == 0 {
			return 0
		}
	}
	if i < len(s) && isDigit(s[i]) {
		return 0
	}
	return i
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// parseReply decodes the text of SMFIR_REPLYCODE without its NUL, as strictly as Postfix: each line
// is a 4yz or 5yz code with '-' or, the last, ' ', the same code on all, CRLF between and none at
// the end, an enhanced code of the same class, each '%' doubled.
func parseReply(text string) (Reply, error) {
	var r Reply
	lines := strings.Split(text, "\r\n")
	if len(lines) > MaxReplyLines {
		return Reply{}, fmt.Errorf("%d lines, the most is %d", len(lines), MaxReplyLines)
	}
	for i, line := range lines {
		want := byte('-')
		if i == len(lines)-1 {
			want = ' '
		}
		if len(line) < 4 || line[0] != '4' && line[0] != '5' || !isDigit(line[1]) || !isDigit(line[2]) {
			return Reply{}, fmt.Errorf("line %.40q does not start with a 4yz or 5yz code", line)
		}
		if line[3] != want {
			return Reply{}, fmt.Errorf("line %.40q: %q after the code, want %q", line, line[3], want)
		}
		if line[:3] != text[:3] {
			return Reply{}, fmt.Errorf("line %.40q has another code than the first", line)
		}
		undoubled, err := undouble(line[4:])
		if err != nil {
			return Reply{}, err
		}
		r.Lines = append(r.Lines, undoubled)
	}
	r.Code = int(text[0]-'0')*100 + int(text[1]-'0')*10 + int(text[2]-'0')
	r.splitEnhancedCode()
	return r, r.checkText()
}

// splitEnhancedCode takes the enhanced code off the lines if all of them start with the same.
func (r *Reply) splitEnhancedCode() {
	x := leadingEnhancedCode(r.Lines[0])
	if x == "" {
		return
	}
	for _, line := range r.Lines {
		if !strings.HasPrefix(line, x) || len(line) == len(x) || line[len(x)] != ' ' {
			return
		}
	}
	r.EnhancedCode = x
	for i, line := range r.Lines {
		r.Lines[i] = line[len(x)+1:]
	}
}

func undouble(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		b = append(b, s[i])
		if s[i] == '%' {
			i++
			if i == len(s) || s[i] != '%' {
				return "", errSinglePercent
			}
		}
	}
	return string(b), nil
}

var errSinglePercent = errors.New("'%' that is not doubled")
