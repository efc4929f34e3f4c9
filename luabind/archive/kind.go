package archive

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
)

// kind is a type of file, told by its first bytes.
type kind string

const (
	kindNone  kind = ""
	kindZip   kind = "a zip file"
	kindTar   kind = "a tar file"
	kindGzip  kind = "a gzip file"
	kindBzip2 kind = "a bzip2 file"
)

// magics are the first bytes of archives; those without a const of their own cannot be read here.
var magics = []struct {
	magic string
	kind  kind
}{
	{"PK\x03\x04", kindZip},
	{"PK\x05\x06", kindZip},           // empty
	{"PK\x07\x08PK\x03\x04", kindZip}, // the first of several disks
	{"PK00PK\x03\x04", kindZip},       // meant for several disks, but one was enough
	{"\x1f\x8b", kindGzip},            // RFC 1952 section 2.3.1
	{"BZh", kindBzip2},                // kindOf checks what follows: these letters may begin a text
	{"Rar!\x1a\x07", "a RAR file"},
	{"7z\xbc\xaf\x27\x1c", "a 7z file"},
	{"\xfd7zXZ\x00", "an xz file"},
	{"\x28\xb5\x2f\xfd", "a zstd file"},
	{"LZIP\x01", "an lzip file"},
	{"MSCF\x00\x00\x00\x00", "a cabinet file"},
	{"\x1f\x9d", "a compress file"},
	{"!<arch>\n", "an ar file"},
}

// headSize is how much of a file tells its type: the first block of a tar file.
const headSize = tarBlock

// kindOf tells the type of a file from its first bytes.
func kindOf(data []byte) kind {
	for _, m := range magics {
		if !bytes.HasPrefix(data, []byte(m.magic)) {
			continue
		}
		if m.kind == kindBzip2 && !isBzip2(data) {
			continue
		}
		return m.kind
	}
	if isTar(data) {
		return kindTar
	}
	return kindNone
}

// unread names a type of archive that is not looked into, "" for all others.
func (k kind) unread() string {
	switch k {
	case kindNone, kindZip, kindTar, kindGzip, kindBzip2:
		return ""
	}
	return string(k)
}

func isBzip2(data []byte) bool {
	if len(data) < 10 || data[3] < '1' || data[3] > '9' {
		return false
	}
	mark := string(data[4:10])
	return mark == "1AY&SY" || mark == "\x17\x72\x45\x38\x50\x90" // a block, or the end of an empty file
}

// tarBlock is the unit of tar files, in bytes (POSIX pax, ustar interchange format).
const tarBlock = 512

// isTar says whether the first block is a header: its checksum is right. Old tar files have no other mark.
func isTar(data []byte) bool {
	const from, to = 148, 156 // the checksum, which counts as spaces
	if len(data) < tarBlock || data[0] == 0 {
		return false
	}
	want, err := strconv.ParseInt(strings.Trim(string(data[from:to]), " \x00"), 8, 32)
	if err != nil {
		return false
	}
	unsigned, signed := int64(0), int64(0)
	for i, b := range data[:tarBlock] {
		if from <= i && i < to {
			b = ' '
		}
		unsigned, signed = unsigned+int64(b), signed+int64(int8(b))
	}
	return want == unsigned || want == signed
}

// openers are name endings of files that are archives with something before them, or that are opened as archives whatever
// they begin with.
var openers = []string{".zip", ".zipx", ".jar", ".war", ".apk", ".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm",
	".exe", ".com", ".scr"}

// mayHold says whether a member is worth unpacking to its end. The name can only add to what the content says.
func mayHold(head []byte, name string) bool {
	return kindOf(head) != kindNone || bytes.HasPrefix(head, []byte("MZ")) ||
		slices.Contains(openers, strings.ToLower(path.Ext(name)))
}
