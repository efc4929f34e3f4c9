package mailbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Mail is one mail of a source.
type Mail struct {
	Name string // of the file; in an mbox with several mails followed by # and the number, from 1
	Data string // as in the file, without the quotes of an mbox
	Err  error  // why there is no Data
	Read int64  // bytes of the source that are behind
}

// TooLarge is the error of a mail that is larger than it may be. It is not read.
type TooLarge struct {
	Name  string
	Limit int64
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("read mail %s: larger than %d bytes", e.Name, e.Limit)
}

// bufferSize is how much of a source is read at once, and so the longest line that can begin a mail.
const bufferSize = 64 << 10

// Mails calls yield for each mail of the source until it returns false. No more than one mail is held, and none that is
// larger than limit (0: no limit). stream is what is read for the path "-".
func (s *Source) Mails(stream io.Reader, limit int64, yield func(Mail) bool) {
	if s.Err != nil {
		yield(Mail{Name: s.Path, Err: s.Err})
		return
	}
	if s.Path != "-" {
		file, err := os.Open(s.Path)
		if err != nil {
			yield(Mail{Name: s.Path, Err: readError(s.Path, err)})
			return
		}
		defer file.Close()
		stream = file
	}
	r := &reader{path: s.Path, limit: limit}
	r.in = bufio.NewReaderSize(io.TeeReader(stream, &r.count), bufferSize)
	if start, _ := r.in.Peek(len(fromWord)); string(start) == fromWord {
		r.mbox(yield)
		return
	}
	if limit > 0 && s.Size > limit {
		yield(Mail{Name: s.Path, Err: &TooLarge{s.Path, limit}, Read: s.Size})
		return
	}
	yield(r.single())
}

// reader reads one source.
type reader struct {
	path  string
	limit int64
	in    *bufio.Reader
	count counter
}

// counter counts the bytes that are read.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// behind is how many bytes of the source have been taken.
func (r *reader) behind() int64 { return int64(r.count) - int64(r.in.Buffered()) }

// single reads a file that is one mail.
func (r *reader) single() Mail {
	var data text
	data.limit = r.limit
	for {
		piece, err := r.in.ReadSlice('\n')
		data.add(piece)
		switch {
		case data.tooLarge, err == io.EOF:
			return data.mail(r.path, r.behind())
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return Mail{Name: r.path, Err: readError(r.path, err), Read: r.behind()}
		}
	}
}

// text gathers a mail as long as it is not too large.
type text struct {
	strings.Builder
	limit    int64
	tooLarge bool
}

func (t *text) add(piece []byte) {
	if t.limit > 0 && int64(t.Len())+int64(len(piece)) > t.limit {
		t.tooLarge = true
		t.Reset()
	}
	if !t.tooLarge {
		t.Write(piece)
	}
}

func (t *text) mail(name string, read int64) Mail {
	if t.tooLarge {
		return Mail{Name: name, Err: &TooLarge{name, t.limit}, Read: read}
	}
	return Mail{Name: name, Data: t.String(), Read: read}
}

// numbered is the name of the n-th mail of a file, which has no number if it is the only one.
func numbered(path string, n int, more bool) string {
	if n == 1 && !more {
		return path
	}
	return path + "#" + strconv.Itoa(n)
}
