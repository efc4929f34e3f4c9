package mime

import "bytes"

// decodeUU reads uuencode (POSIX); what stands before its begin line is dropped. Data without one is given as it is.
func decodeUU(src []byte) []byte {
	if data, ok := uuDecode(src); ok || len(data) > 0 {
		return data
	}
	return src
}

// uuDecode gives what can be decoded, and whether all of it was right.
func uuDecode(src []byte) (dst []byte, ok bool) {
	_, rest := uuBegin(src)
	if rest == nil {
		return nil, false
	}
	dst = make([]byte, 0, len(rest)/4*3)
	ok = true
	for len(rest) > 0 {
		line, more, _ := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		rest = more
		if bytes.Equal(line, []byte("end")) {
			return dst, ok
		}
		if len(line) == 0 {
			continue
		}
		n := int(line[0]-' ') & 63
		if len(dst)+n > len(src) {
			return dst, false // lines without digits claim more than there is
		}
		var right bool
		dst, right = appendUU(dst, line[1:], n)
		ok = ok && right
	}
	return dst, false
}

// appendUU decodes a line of n bytes; digits that are missing, as trailing spaces get lost, count as 0.
func appendUU(dst, line []byte, n int) ([]byte, bool) {
	right := true
	digit := func(i int) uint32 {
		if i >= len(line) {
			return 0
		}
		if line[i] < ' ' || line[i] > '`' {
			right = false
		}
		return uint32(line[i]-' ') & 63
	}
	for i := 0; n > 0; i += 4 {
		v := digit(i)<<18 | digit(i+1)<<12 | digit(i+2)<<6 | digit(i+3)
		group := []byte{byte(v >> 16), byte(v >> 8), byte(v)}
		dst = append(dst, group[:min(n, 3)]...)
		n -= 3
	}
	return dst, right
}

// uuName is the file name of the begin line, or "".
func uuName(src []byte) string {
	name, _ := uuBegin(src)
	return name
}

// uuBegin finds the line "begin MODE NAME"; data is what comes after it, nil if there is none.
func uuBegin(src []byte) (name string, data []byte) {
	begin := []byte("begin ")
	for pos := 0; ; {
		i := bytes.Index(src[pos:], begin)
		if i < 0 {
			return "", nil
		}
		pos += i + len(begin)
		if start := pos - len(begin); start > 0 && src[start-1] != '\n' {
			continue
		}
		line, rest, _ := bytes.Cut(src[pos:], []byte("\n"))
		line = bytes.TrimRight(line[:min(len(line), maxBoundary)], "\r")
		mode, file, ok := bytes.Cut(line, []byte(" "))
		if ok && len(mode) >= 3 && len(bytes.Trim(mode, "01234567")) == 0 {
			return string(file), rest[:len(rest):len(rest)]
		}
	}
}
