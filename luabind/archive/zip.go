package archive

import (
	"bytes"
	"io"
	"math"
	"slices"

	"golang.org/x/text/encoding/charmap"
)

// zipFile is a zip file that is being read. Unpackers find members in two ways: by the directory at the end, or from one
// local header to the next. Whoever hides a name shows it to one of them only, so both ways are gone and all names listed.
type zipFile struct {
	w       *walker
	c       container
	data    []byte
	central []header
	at      map[int64]int  // offset of a local header -> its entry in central
	seen    map[int64]bool // offsets of local headers that were looked at
	from    int            // where the directory begins and ends
	to      int
	unknown map[uint16]bool // methods that were met and cannot be unpacked
}

// zip adds the members of a zip file.
func (w *walker) zip(data []byte, c container) {
	z := &zipFile{w: w, c: c, data: data, at: map[int64]int{}, seen: map[int64]bool{}, unknown: map[uint16]bool{}}
	if !z.readDirectory() && !bytes.HasPrefix(data, []byte(sigEnd)) {
		w.defect("%s: the zip file has no directory: it is cut off or broken", c.title())
	}
	if !z.readLocals() {
		return
	}
	for i := range z.central {
		if h := &z.central[i]; !z.seen[h.offset] || z.at[h.offset] != i {
			if !z.hidden(h) {
				return
			}
		}
	}
}

// readDirectory reads the entries of the directory, and not many more than there may be names.
func (z *zipFile) readDirectory() bool {
	d, ok := findDirectory(z.data)
	if !ok {
		return false
	}
	z.from, z.to = d.at, d.at
	for len(z.central) <= z.w.limit.Count {
		h, ok := centralHeader(z.data[z.to:])
		if !ok {
			break
		}
		z.w.work(h.length)
		h.offset += d.shift
		if _, double := z.at[h.offset]; !double {
			z.at[h.offset] = len(z.central)
		}
		if h.flags&flagMasked != 0 {
			z.w.once("%s: the directory is encrypted: the names are not the real ones", z.c.title())
		}
		z.central = append(z.central, h)
		z.to += h.length
	}
	return true
}

// readLocals goes from one local header to the next; false when there are too many names.
func (z *zipFile) readLocals() bool {
	for pos := 0; ; {
		step := bytes.Index(z.data[pos:], []byte("PK"))
		if step < 0 {
			z.w.work((len(z.data) - pos) / 16)
			return true
		}
		z.w.work(step/16 + 16)
		pos += step
		if z.from <= pos && pos < z.to {
			pos = z.to
			continue
		}
		next, ok := z.header(pos)
		if !ok {
			return false
		}
		pos = next
	}
}

// header looks at the signature at pos and says where to go on.
func (z *zipFile) header(pos int) (next int, ok bool) {
	if h, ok := localHeader(z.data[pos:]); ok {
		if _, listed := z.at[int64(pos)]; listed || h.likely() {
			return z.local(pos, h)
		}
	}
	if h, ok := centralHeader(z.data[pos:]); ok {
		return pos + h.length, z.stray(h)
	}
	return pos + 2, true
}

// local adds the member whose local header h is at pos.
func (z *zipFile) local(pos int, h header) (next int, ok bool) {
	z.seen[int64(pos)] = true
	start := pos + h.length
	var heads []*header
	listed := false
	if i, found := z.at[int64(pos)]; found {
		heads, listed = append(heads, &z.central[i]), true
	} else if len(z.central) > 0 {
		z.w.defect("%s: %s is not in the directory", z.c.title(), shorten(decode(h.name, charmap.CodePage437)))
	}
	heads = append(heads, &h)
	path, ok := z.name(heads)
	if !ok {
		return 0, false
	}
	size, known := h.packed, h.flags&flagLater == 0
	if listed {
		if known && size != heads[0].packed {
			z.w.defect("%s: its size differs between directory and local header", path)
		}
		if !known {
			size = heads[0].packed
		}
		size, known = min(size, heads[0].packed), true
	}
	if rest := int64(len(z.data) - start); !known {
		size = rest
	} else if size > rest {
		z.w.defect("%s: its data are cut off", path)
		size = rest
	}
	return start + z.content(path, heads[0], z.data[start:start+int(size)], known), true
}

// content looks into a member whose data begin data, and says how many bytes they are. Where the sizes cannot be trusted,
// these are 0, and the search for headers goes on at their beginning.
func (z *zipFile) content(path string, h *header, data []byte, known bool) int {
	size := 0
	if known {
		size = len(data)
	}
	if h.encrypted() {
		return size
	}
	m := &meter{w: z.w, data: data}
	r := z.unpacker(path, h, m)
	if r == nil {
		return size
	}
	did := z.w.inside(path, z.c, r)
	if h.method == methodStored {
		if did == walked || kindOf(data) != kindNone {
			return size // its own headers are no business of this archive
		}
		return 0
	}
	// Programs that go from one local header to the next find the end of such data by unpacking them.
	if known && (h.flags&flagLater == 0 || !bytes.Contains(data, []byte(sigLocal))) {
		return size
	}
	if did == readOn && z.w.skip(r) == io.EOF || did == readAll || did == walked {
		return m.pos
	}
	return 0
}

// unpacker gives what unpacks a member, nil if nothing here does.
func (z *zipFile) unpacker(path string, h *header, m *meter) io.Reader {
	switch h.method {
	case methodStored:
		return m
	case methodDeflate:
		return z.w.inflater(m)
	case methodBzip2:
		return z.w.unbzip2(m)
	}
	if !z.unknown[h.method] {
		z.unknown[h.method] = true
		z.w.defect("%s: packed by method %d, which is not known here: not looked into", path, h.method)
	}
	return nil
}

// stray is an entry of a directory outside the one at the end: of another directory, or of one that was cut off.
func (z *zipFile) stray(h header) bool {
	if z.seen[h.offset] {
		if local, ok := localHeader(z.data[h.offset:]); ok && bytes.Equal(local.name, h.name) {
			return true
		}
	}
	if len(z.central) > 0 {
		z.w.once("%s: there is more than one directory", z.c.title())
	}
	_, ok := z.name([]*header{&h})
	return ok
}

// hidden adds a member of the directory that was not found from local header to local header.
func (z *zipFile) hidden(h *header) bool {
	heads := []*header{h}
	start := math.MaxInt
	if h.offset >= 0 && h.offset < int64(len(z.data)) {
		if local, ok := localHeader(z.data[h.offset:]); ok {
			heads, start = append(heads, &local), int(h.offset)+local.length
		}
	}
	path, ok := z.name(heads)
	if !ok {
		return false
	}
	if start == math.MaxInt {
		z.w.defect("%s: its local header is not where the directory says", path)
		return true
	}
	z.w.defect("%s: it overlaps another member", path)
	if h.encrypted() {
		return true
	}
	size := min(h.packed, int64(len(z.data)-start))
	if r := z.unpacker(path, h, &meter{w: z.w, data: z.data[start : start+int(size)]}); r != nil {
		z.w.inside(path, z.c, r)
	}
	return true
}

// name adds all names that the headers of one member give, the directory's first, and gives the path of that.
func (z *zipFile) name(heads []*header) (path string, ok bool) {
	var names []string
	encrypted := false
	for i, h := range heads {
		encrypted = encrypted || h.encrypted()
		z.w.work((len(h.name) + len(h.extra)) / 8) // entries that overlap read the same again
		for _, raw := range [][]byte{h.name, h.unicodeName()} {
			for _, raw := range [][]byte{raw, untilNUL(raw)} {
				name := decode(raw, z.charset(h))
				if len(raw) > 0 && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		if i == 1 && !bytes.Equal(h.name, heads[0].name) {
			z.w.defect("%s: its name in the local header differs: %s", z.c.child(names[0]), shorten(names[len(names)-1]))
		}
	}
	if len(names) == 0 {
		names = []string{""}
	}
	for i, name := range names {
		p, ok := z.w.add(z.c, name, encrypted)
		if !ok {
			return "", false
		}
		if i == 0 {
			path = p
		}
	}
	return path, true
}

// charset is what a name is in that is no UTF-8 (APPNOTE.TXT appendix D).
func (z *zipFile) charset(h *header) *charmap.Charmap {
	if h.flags&flagUTF8 != 0 {
		return nil
	}
	return charmap.CodePage437
}
