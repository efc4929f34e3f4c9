package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
)

// Signatures and sizes of the zip format (APPNOTE.TXT sections 4.3.7, 4.3.12 to 4.3.16).
const (
	sigLocal     = "PK\x03\x04"
	sigCentral   = "PK\x01\x02"
	sigEnd       = "PK\x05\x06"
	sigEnd64     = "PK\x06\x06"
	sigLocator64 = "PK\x06\x07"

	sizeLocal     = 30
	sizeCentral   = 46
	sizeEnd       = 22
	sizeEnd64     = 56
	sizeLocator64 = 20
)

// Flags and methods of a member (APPNOTE.TXT sections 4.4.4, 4.4.5).
const (
	flagEncrypted = 1 << 0
	flagLater     = 1 << 3 // the sizes come after the data
	flagUTF8      = 1 << 11
	flagMasked    = 1 << 13 // the directory is encrypted, and names in local headers are not the real ones

	methodStored  = 0
	methodDeflate = 8
	methodBzip2   = 12
	methodAES     = 99
)

var little = binary.LittleEndian

// header is what the local header and the entry in the directory say alike.
type header struct {
	version byte // of the format that is needed; only in the local header
	name    []byte
	extra   []byte
	flags   uint16
	method  uint16
	packed  int64 // size of the data
	offset  int64 // of the local header; only in the directory
	length  int   // of the header itself
}

// encrypted says that the content cannot be read without a password.
func (h header) encrypted() bool { return h.flags&flagEncrypted != 0 || h.method == methodAES }

// localHeader reads the local header at the beginning of data, whose end may be cut off behind the name.
func localHeader(data []byte) (h header, ok bool) {
	if len(data) < sizeLocal || !bytes.HasPrefix(data, []byte(sigLocal)) {
		return h, false
	}
	name, extra := int(little.Uint16(data[26:])), int(little.Uint16(data[28:]))
	if sizeLocal+name > len(data) {
		return h, false
	}
	h = header{
		version: data[4],
		flags:   little.Uint16(data[6:]),
		method:  little.Uint16(data[8:]),
		packed:  int64(little.Uint32(data[18:])),
		length:  min(sizeLocal+name+extra, len(data)),
	}
	h.name, h.extra = data[sizeLocal:sizeLocal+name], data[sizeLocal+name:h.length]
	h.widen(int64(little.Uint32(data[22:])))
	return h, true
}

// likely says whether a local header that no directory knows is one: its four bytes of signature may stand anywhere.
func (h header) likely() bool {
	const newest = 63 // the highest version of the format that a member may need
	return len(h.name) > 0 && h.version <= newest && h.method <= methodAES
}

// centralHeader reads the entry of the directory at the beginning of data.
func centralHeader(data []byte) (h header, ok bool) {
	if len(data) < sizeCentral || !bytes.HasPrefix(data, []byte(sigCentral)) {
		return h, false
	}
	name, extra, comment := int(little.Uint16(data[28:])), int(little.Uint16(data[30:])), int(little.Uint16(data[32:]))
	h = header{
		flags:  little.Uint16(data[8:]),
		method: little.Uint16(data[10:]),
		packed: int64(little.Uint32(data[20:])),
		offset: int64(little.Uint32(data[42:])),
		length: sizeCentral + name + extra + comment,
	}
	if h.length > len(data) {
		return h, false
	}
	h.name, h.extra = data[sizeCentral:sizeCentral+name], data[sizeCentral+name:sizeCentral+name+extra]
	h.widen(int64(little.Uint32(data[24:])))
	return h, true
}

// widen takes sizes that do not fit 32 bits from the extra field (APPNOTE.TXT section 4.5.3): in the order of unpacked
// size, packed size and offset, each there only if its short field is full.
func (h *header) widen(unpacked int64) {
	wide := h.field(0x0001)
	take := func(v int64) int64 {
		if v != math.MaxUint32 || len(wide) < 8 {
			return v
		}
		v = int64(little.Uint64(wide) & math.MaxInt64)
		wide = wide[8:]
		return v
	}
	take(unpacked)
	h.packed, h.offset = take(h.packed), take(h.offset)
}

// field is a part of the extra field.
func (h *header) field(id uint16) []byte {
	for rest := h.extra; len(rest) >= 4; {
		size := int(little.Uint16(rest[2:]))
		if size > len(rest)-4 {
			return nil
		}
		if little.Uint16(rest) == id {
			return rest[4 : 4+size]
		}
		rest = rest[4+size:]
	}
	return nil
}

// unicodeName is a second name (Info-ZIP Unicode Path, APPNOTE.TXT section 4.6.9), which counts if it was made for the
// first one.
func (h *header) unicodeName() []byte {
	f := h.field(0x7075)
	if len(f) < 5 || f[0] != 1 || little.Uint32(f[1:]) != crc32.ChecksumIEEE(h.name) {
		return nil
	}
	return f[5:]
}

// directory says where the entries of the directory are.
type directory struct {
	at    int   // of the first
	shift int64 // to be added to offsets: what stands before the zip file
}

// findDirectory looks at the end of data for what points to the directory.
func findDirectory(data []byte) (d directory, ok bool) {
	from := max(0, len(data)-sizeEnd-math.MaxUint16)
	end := from + bytes.LastIndex(data[from:], []byte(sigEnd))
	if end < from || len(data)-end < sizeEnd {
		return d, false
	}
	size, offset := int64(little.Uint32(data[end+12:])), int64(little.Uint32(data[end+16:]))
	if size == math.MaxUint32 || offset == math.MaxUint32 || little.Uint16(data[end+10:]) == math.MaxUint16 {
		if at := end64(data, end); at >= 0 {
			size = int64(little.Uint64(data[at+40:]) & math.MaxInt64)
			offset = int64(little.Uint64(data[at+48:]) & math.MaxInt64)
			end = at
		}
	}
	// The directory ends where its end begins; offsets count from the beginning of the zip file, or of what is before it.
	for _, at := range []int64{int64(end) - size, offset} {
		if at >= 0 && at < int64(end) && bytes.HasPrefix(data[at:], []byte(sigCentral)) {
			return directory{int(at), at - offset}, true
		}
	}
	return d, false
}

// end64 finds the wide form of the end of the directory.
func end64(data []byte, end int) int {
	locator := end - sizeLocator64
	if locator < 0 || len(data) < sizeEnd64 || !bytes.HasPrefix(data[locator:], []byte(sigLocator64)) {
		return -1
	}
	at := little.Uint64(data[locator+8:])
	for _, at := range []uint64{at, uint64(max(0, locator-sizeEnd64))} {
		if at <= uint64(len(data)-sizeEnd64) && bytes.HasPrefix(data[at:], []byte(sigEnd64)) {
			return int(at)
		}
	}
	return -1
}

// hasDirectory says whether data that does not begin as a zip file is one: something else may stand before it. A tar file
// may well hold a zip file near its end, which is a member.
func hasDirectory(data []byte, k kind) bool {
	if k == kindTar {
		end := bytes.LastIndex(data[max(0, len(data)-sizeEnd-math.MaxUint16):], []byte(sigEnd))
		if end < 0 {
			return false
		}
		end += max(0, len(data)-sizeEnd-math.MaxUint16)
		if len(data)-end < sizeEnd || end+sizeEnd+int(little.Uint16(data[end+20:])) != len(data) {
			return false
		}
	}
	_, ok := findDirectory(data)
	return ok
}
