package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// A frame is a 32 bit length in network byte order, then that many bytes: one byte of command or
// reply, and its data.
const (
	frameHeader = 4

	// maxBodyFrame is the command byte and 64 KiB: Postfix sends chunks of 65535 bytes or less, a
	// peer may send one more. Larger chunks (SMFIP_MDS_*) are never negotiated.
	maxBodyFrame = 1 + 64*1024
	// maxFrame holds every other command. Postfix takes headers of 100 KiB (header_size_limit).
	maxFrame = 256 * 1024

	// maxReplyData is MILTER_MAX_DATA_SIZE: the most data of one reply, and of one chunk of body.
	maxReplyData = 65535
)

var (
	errNoNUL    = errors.New("missing NUL")
	errAfterNUL = errors.New("data after the NUL")
	errShort    = errors.New("too short")
	errData     = errors.New("unexpected data")
	errEmpty    = errors.New("zero length frame")
)

// text makes a string of a payload without a copy. It is safe because the bytes are those of a
// segment of the frameReader, which are written once, by Read, before they are handed out.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// cutString reads one string ended by NUL.
func cutString(s string) (head, tail string, err error) {
	i := strings.IndexByte(s, 0)
	if i < 0 {
		return "", "", errNoNUL
	}
	return s[:i], s[i+1:], nil
}

// onlyString reads one string ended by NUL, and nothing after it.
func onlyString(s string) (string, error) {
	head, tail, err := cutString(s)
	if err == nil && tail != "" {
		err = errAfterNUL
	}
	return head, err
}

// cutUint32 reads a number in network byte order.
func cutUint32(s string) (n uint32, tail string, err error) {
	if len(s) < 4 {
		return 0, "", errShort
	}
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3]), s[4:], nil
}

// beginFrame starts a frame whose length endFrame fills in.
func beginFrame(dst []byte, code byte) (out []byte, start int) {
	return append(dst, 0, 0, 0, 0, code), len(dst)
}

func endFrame(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-frameHeader))
	return dst
}

// appendBare appends a frame without data.
func appendBare(dst []byte, code byte) []byte {
	return append(dst, 0, 0, 0, 1, code)
}

func appendString(dst []byte, s string) []byte {
	return append(append(dst, s...), 0)
}

// decodeError names the command or reply that is wrong: "decode mail: missing NUL".
func decodeError(what fmt.Stringer, err error) error {
	return fmt.Errorf("decode %v: %w", what, err)
}
