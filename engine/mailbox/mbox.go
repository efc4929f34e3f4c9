package mailbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// fromWord begins the line in front of each mail of an mbox (RFC 4155).
const fromWord = "From "

// mbox reads a file of many mails. In front of each stands a "From " line; the empty line before it belongs to the mbox,
// not to the mail. Lines of a mail that look like one are quoted with ">": mboxrd quotes quoted ones as well, mboxo does
// not, and neither says which it is, so that one ">" is taken away from each.
//
// Some programs quote nothing. Where the first "From " line has a date, as it should, one without is a line of the mail.
func (r *reader) mbox(yield func(Mail) bool) {
	dated := false
	first, err := r.in.ReadSlice('\n')
	dated = hasDate(first)
	if err = r.skipLine(err); err != nil && err != io.EOF {
		yield(Mail{Name: r.path, Err: readError(r.path, err), Read: r.behind()})
		return
	}
	for n := 1; ; n++ {
		mail, more, err := r.next(dated)
		name := numbered(r.path, n, more)
		if err != nil {
			yield(Mail{Name: name, Err: readError(name, err), Read: r.behind()})
			return
		}
		if !yield(mail.mail(name, r.behind())) || !more {
			return
		}
	}
}

// skipLine reads the rest of a line longer than the buffer. err is that of the read before.
func (r *reader) skipLine(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.in.ReadSlice('\n')
	}
	return err
}

// next reads a mail up to the "From " line of the one that follows, if there are more.
func (r *reader) next(dated bool) (mail text, more bool, err error) {
	mail.limit = r.limit
	var empty []byte // a line that is the mail's if no "From " line follows
	within := false  // a line that is longer than the buffer
	for {
		piece, err := r.in.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		if err != nil && err != io.EOF && !full {
			return text{}, false, err
		}
		if !within {
			if empty != nil && bytes.HasPrefix(piece, []byte(fromWord)) && (!dated || hasDate(piece)) {
				err := r.skipLine(err)
				if err == io.EOF {
					err = nil // the last mail is empty
				}
				return mail, true, err
			}
			if len(piece) > 0 || err == nil {
				mail.add(empty)
				empty = nil
			}
			if isEmpty(piece) {
				empty = slices.Clone(piece)
				piece = nil
			}
			piece = unquoted(piece)
		}
		mail.add(piece)
		if err == io.EOF {
			return mail, false, nil
		}
		within = full
	}
}

func isEmpty(line []byte) bool { return string(line) == "\n" || string(line) == "\r\n" }

// unquoted takes one ">" from a line that would look like the beginning of a mail without them.
func unquoted(line []byte) []byte {
	rest := bytes.TrimLeft(line, ">")
	if len(rest) < len(line) && bytes.HasPrefix(rest, []byte(fromWord)) {
		return line[1:]
	}
	return line
}

// hasDate looks for a day of the week and, behind it, a month, as asctime(3) writes them and many programs something
// like it.
func hasDate(line []byte) bool {
	words := bytes.Fields(line)
	day := slices.IndexFunc(words, oneOf("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
	return day > 0 && slices.ContainsFunc(words[day:], oneOf(
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))
}

func oneOf(names ...string) func(word []byte) bool {
	return func(word []byte) bool { return slices.Contains(names, string(bytes.TrimSuffix(word, []byte(",")))) }
}
