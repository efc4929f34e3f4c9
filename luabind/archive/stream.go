package archive

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// errSpent ends unpacking when the limit of bytes is reached.
var errSpent = errors.New("too much was unpacked")

const (
	// payEvery is how many bytes are paid for at a time.
	payEvery = 4096
	// streamCost is what opening a compressed stream costs besides its bytes.
	streamCost = 512
)

// meter gives out packed bytes and has them paid for, so that streams which make nothing of much input end as well.
type meter struct {
	w    *walker
	data []byte
	pos  int
	paid int
}

func (m *meter) pay() error {
	n := min(payEvery, len(m.data)-m.paid)
	if n == 0 {
		return io.EOF
	}
	m.paid += n
	return m.w.pay(n)
}

// pay pays for n bytes that are read.
func (w *walker) pay(n int) error {
	if w.reads < int64(n) {
		w.reads = 0
		return errSpent
	}
	w.reads -= int64(n)
	w.work(n)
	return nil
}

// ReadByte keeps flate from reading past the end of its stream (compress/flate.Reader).
func (m *meter) ReadByte() (byte, error) {
	if m.pos >= m.paid {
		if err := m.pay(); err != nil {
			return 0, err
		}
	}
	m.pos++
	return m.data[m.pos-1], nil
}

func (m *meter) Read(p []byte) (int, error) {
	if m.pos >= m.paid {
		if err := m.pay(); err != nil {
			return 0, err
		}
	}
	n := copy(p, m.data[m.pos:m.paid])
	m.pos += n
	return n, nil
}

// read appends what r gives to buf, up to most bytes in all; the error is io.EOF at the end of r and nil when there may be
// more. What it reads counts as unpacked.
func (w *walker) read(buf []byte, r io.Reader, most int64) ([]byte, error) {
	most = min(most, int64(len(buf))+w.left)
	for int64(len(buf)) < most {
		if len(buf) == cap(buf) {
			grow := int(min(int64(max(len(buf), headSize)), most-int64(len(buf))))
			w.work(grow)
			buf = slices.Grow(buf, grow)
		}
		n, err := r.Read(buf[len(buf):min(int64(cap(buf)), most)])
		buf = buf[:len(buf)+n]
		w.left -= int64(n)
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// readRest is read to the end of r, or of what may be unpacked. What is not packed is not copied.
func (w *walker) readRest(head []byte, r io.Reader) ([]byte, error) {
	m, ok := r.(*meter)
	if !ok {
		return w.read(head, r, mostBytes)
	}
	rest := int64(len(m.data) - len(head))
	if rest > w.left {
		most := int64(len(head)) + w.left
		w.left = 0
		return m.data[:most], errSpent
	}
	w.left -= rest
	m.pos, m.paid = len(m.data), len(m.data)
	return m.data, io.EOF
}

// skip reads r to its end; what it reads counts as unpacked.
func (w *walker) skip(r io.Reader) error {
	buf := make([]byte, payEvery)
	for {
		if w.left == 0 {
			return errSpent
		}
		n, err := r.Read(buf[:min(w.left, payEvery)])
		w.left -= int64(n)
		if err != nil {
			return err
		}
	}
}

// inflater unpacks deflated data (RFC 1951). There is one for all members, which are unpacked one after another.
func (w *walker) inflater(m *meter) io.Reader {
	if err := w.pay(streamCost); err != nil {
		return failing{err}
	}
	if w.inflate == nil {
		w.inflate = flate.NewReader(m)
	} else if err := w.inflate.(flate.Resetter).Reset(m, nil); err != nil {
		return failing{err}
	}
	return w.inflate
}

// unbzip2 unpacks bzip2 data, which takes 4 bytes of memory for each byte of a block before the first is read.
func (w *walker) unbzip2(m *meter) io.Reader {
	if !isBzip2(m.data) {
		return failing{bzip2.StructuralError("bad magic value")}
	}
	block := int(m.data[3]-'0') * 100_000
	if err := w.pay(4 * block); err != nil {
		return failing{err}
	}
	return bzip2.NewReader(m)
}

// failing is a stream that could not be opened.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// bzip2 is a file without a name: it has that of the file that holds it.
func (w *walker) bzip2(data []byte, c container) {
	w.single(c, []string{unpackedName(c.file)}, w.unbzip2(&meter{w: w, data: data}))
}

// gzip looks into a gzip file. Its header may name the content; programs go by that name, or by the file's own.
func (w *walker) gzip(data []byte, c container) {
	name, _, err := gzipHeader(data)
	if err != nil {
		w.defect("%s: %s", c.title(), err)
	}
	own := unpackedName(c.file)
	names := []string{own}
	if len(name) > 0 {
		names = []string{decode(name, charmap.ISO8859_1)}
		if own != "" && own != names[0] {
			names = append(names, own)
		}
	}
	w.single(c, names, &gunzip{w: w, rest: data})
}

// single is an archive of one member, which may have two names; the content is shown under the first.
func (w *walker) single(c container, names []string, r io.Reader) {
	path := ""
	for _, name := range names {
		if name == "" {
			continue
		}
		p, ok := w.add(c, name, false)
		if !ok {
			return
		}
		if path == "" {
			path = p
		}
	}
	if path == "" {
		path = c.path // nobody knows a name: what is inside goes by that of the file itself
	}
	w.inside(path, c, r)
}

// gunzip unpacks the streams of a gzip file one after another (RFC 1952 section 2.2).
type gunzip struct {
	w    *walker
	rest []byte
	m    *meter
	r    io.Reader // nil between two streams
}

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		if g.r == nil {
			_, n, err := gzipHeader(g.rest)
			switch {
			case g.m != nil && kindOf(g.rest) != kindGzip:
				return 0, io.EOF // zeros, or anything else: gzip ignores it
			case err != nil:
				return 0, err
			}
			g.m = &meter{w: g.w, data: g.rest[n:]}
			g.r = g.w.inflater(g.m)
		}
		n, err := g.r.Read(p)
		if err == io.EOF {
			const trailer = 8 // checksum and size, which unpackers look at when the file has been written
			g.rest, g.r = g.m.data[min(g.m.pos+trailer, len(g.m.data)):], nil
			if n == 0 {
				continue
			}
			err = nil
		}
		return n, err
	}
}

var errGzipHeader = errors.New("the gzip header is broken")

// gzipHeader gives the name in the header of a gzip stream and the length of the header (RFC 1952 section 2.3).
func gzipHeader(data []byte) (name []byte, n int, err error) {
	const hasCRC, hasExtra, hasName, hasComment = 2, 4, 8, 16
	if len(data) < 10 || data[2] != 8 {
		return nil, len(data), errGzipHeader
	}
	flags, rest := data[3], data[10:]
	if flags&hasExtra != 0 {
		if len(rest) < 2 || len(rest)-2 < int(binary.LittleEndian.Uint16(rest)) {
			return nil, len(data), errGzipHeader
		}
		rest = rest[2+int(binary.LittleEndian.Uint16(rest)):]
	}
	for _, part := range []byte{hasName, hasComment} {
		if flags&part == 0 {
			continue
		}
		text, after, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return name, len(data), errGzipHeader
		}
		if part == hasName {
			name = text
		}
		rest = after
	}
	if flags&hasCRC != 0 {
		rest = rest[min(2, len(rest)):]
	}
	return name, len(data) - len(rest), nil
}

// unpackedName is the name that unpackers give to the content of a file without one.
func unpackedName(file string) string {
	file = baseName(file)
	dot := strings.LastIndexByte(file, '.')
	if dot < 0 {
		return file
	}
	switch strings.ToLower(file[dot:]) {
	case ".gz", ".z", ".bz2", ".bz":
		return file[:dot]
	case ".tgz", ".taz", ".tbz", ".tbz2":
		return file[:dot] + ".tar"
	case ".svgz":
		return file[:dot] + ".svg"
	}
	return file
}
