package mime

import "bytes"

// guess finds the boundary of a multipart that does not say it, as mail readers do: its first line that begins with
// "--", if header fields follow.
func (s *scanner) guess(pos int) string {
	lines := lineReader{src: s.src[:min(len(s.src), pos+guessWithin)]}
	for pos < len(lines.src) {
		end, next := lines.line(pos)
		line := bytes.TrimRight(lines.src[pos:end], " \t")
		if bytes.HasPrefix(line, []byte("--")) && len(line) > 2 && next < len(lines.src) {
			after, _ := lines.line(next)
			if isField(lines.src[next:after]) {
				return string(line[2:])
			}
		}
		pos = next
	}
	return ""
}

// next finds the next delimiter line of an open multipart from pos on; without one its end is that of the buffer.
func (s *scanner) next(pos int) (delimiter, bool) {
	for len(s.levels) > 0 {
		i := bytes.Index(s.src[pos:], []byte("--"))
		if i < 0 {
			break
		}
		i += pos
		if i > 0 && s.src[i-1] != '\n' && s.src[i-1] != '\r' {
			pos = i + 2
			continue
		}
		token, end := delimiterToken(s.src, i+2)
		if level, final, ok := s.lookup(token); ok {
			d := delimiter{brk: i, end: end, level: level, final: final}
			if i > 0 {
				d.brk--
				if s.src[i-1] == '\n' && i > 1 && s.src[i-2] == '\r' {
					d.brk--
				}
			}
			return d, true
		}
		pos = i + 2 + len(token)
	}
	return delimiter{end: pos}, false
}

// delimiterToken is what stands after the "--" of a line, without trailing white space, and where the next line
// begins. A line that is too long for a delimiter gives its first bytes, which are no boundary.
func delimiterToken(src []byte, pos int) (token []byte, next int) {
	limit := min(len(src), pos+maxBoundary+2)
	end := pos
	for end < limit && src[end] != '\n' && src[end] != '\r' {
		end++
	}
	token = src[pos:end]
	if end == limit {
		for end < len(src) && (src[end] == ' ' || src[end] == '\t') {
			end++
		}
		if end < len(src) && src[end] != '\n' && src[end] != '\r' {
			return token, end
		}
	}
	token = bytes.TrimRight(token, " \t")
	switch {
	case end < len(src) && src[end] == '\r' && end+1 < len(src) && src[end+1] == '\n':
		end += 2
	case end < len(src):
		end++
	}
	return token, end
}

// lookup finds the multipart that a token belongs to.
func (s *scanner) lookup(token []byte) (level int, final, ok bool) {
	if level, ok = s.levels[string(token)]; ok {
		return level, false, true
	}
	if name, cut := bytes.CutSuffix(token, []byte("--")); cut {
		if level, ok = s.levels[string(name)]; ok {
			return level, true, true
		}
	}
	for i := len(s.open) - 1; i >= 0; i-- {
		if o := s.open[i]; o.multi {
			if !o.longer && bytes.HasPrefix(token, []byte(o.boundary)) {
				o.longer = true
				s.m.found.add(defectLongDelimiter, o.path())
			}
			break
		}
	}
	return 0, false, false
}

// isDelimiter says whether a line of a header is a delimiter.
func (s *scanner) isDelimiter(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("--")) || len(s.levels) == 0 {
		return false
	}
	_, _, ok := s.lookup(bytes.TrimRight(line[2:], " \t"))
	return ok
}
