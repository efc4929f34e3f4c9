package protocol

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"unsafe"
)

const (
	segmentMin = 4 * 1024  // of an idle connection
	segmentMax = 72 * 1024 // holds a full chunk of body and what follows it; a longer frame gets more
	readAhead  = 4 * 1024  // most that is read behind a long frame, because it may be copied
)

// frameReader cuts what a peer sends into frames. It reads as much as the socket has into a segment,
// and a frame is a part of the segment. What has been read is never written again, so that frames
// need no copy: a full segment is left to the collector, and a frame cut by its end moves to the
// next. Only a segment whose frames have all been taken back is used from its beginning again: it is
// in the cache. Memory grows only by a factor of the bytes that have arrived, whatever lengths claim.
type frameReader struct {
	seg  []byte
	r, w int // the bytes at r:w have been read from the socket but not been handed out
	need int // bytes of the frame at r, if its length is known
	held int // frames of the segment that were handed out and not taken back
	idle idleReader
	body bool // frames of body are those of CodeBody and CodeEOM, and limited to maxBodyFrame
}

// next hands out the next frame if all of it has been read. Its bytes stay what they are unless it is taken back.
func (f *frameReader) next() (code byte, data []byte, ok bool, err error) {
	have := f.w - f.r
	f.need = 0
	if have < frameHeader {
		return 0, nil, false, nil
	}
	b := f.seg[f.r:f.w]
	n := binary.BigEndian.Uint32(b)
	if n == 0 {
		return 0, nil, false, errEmpty
	}
	if n > maxFrame {
		return 0, nil, false, fmt.Errorf("frame of %d bytes, the most is %d", n, maxFrame)
	}
	if have == frameHeader {
		return 0, nil, false, nil
	}
	code = b[frameHeader]
	if n > maxBodyFrame && f.body && (Code(code) == CodeBody || Code(code) == CodeEOM) {
		return 0, nil, false, fmt.Errorf("frame of %d bytes for %v, the most is %d", n, Code(code), maxBodyFrame)
	}
	end := frameHeader + int(n)
	if have < end {
		f.need = end
		return 0, nil, false, nil
	}
	f.r += end
	f.held++
	return code, b[frameHeader+1 : end : end], true, nil
}

// takeBack takes back the frame that next gave last: nobody has a hold of a part of it any more.
func (f *frameReader) takeBack() { f.held-- }

// partial reports that the peer has sent a part of a frame.
func (f *frameReader) partial() bool { return f.w > f.r }

// read reads once from the peer. Call it when next has no frame.
func (f *frameReader) read(conn io.Reader) error {
	if f.seg == nil && f.idle.able() {
		seg, err := f.idle.read()
		f.seg, f.w, f.held = seg, len(seg), 0
		return err
	}
	n, err := conn.Read(f.space())
	f.w += n
	if n > 0 {
		return nil // an error comes again
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// space gives the part of the segment to read into.
func (f *frameReader) space() []byte {
	end := f.r + f.need
	// A segment of full size is left early if the frame will not fit, while there is little to copy.
	if f.w == len(f.seg) || end > len(f.seg) && len(f.seg) >= segmentMax && f.need <= segmentMax {
		f.move()
		end = f.need
	}
	if f.need > readAhead && end+readAhead < len(f.seg) {
		return f.seg[f.w : end+readAhead]
	}
	return f.seg[f.w:]
}

// move takes the bytes of the frame cut by the end of the segment to the beginning of a new one, or of the same.
func (f *frameReader) move() {
	have := f.w - f.r
	size := min(max(4*len(f.seg), segmentMin), segmentMax)
	if have > size/2 {
		size = max(size, min(2*have, f.need+readAhead))
	}
	seg := f.seg
	if f.held > 0 || len(seg) < size {
		seg = newSegment(size)
	}
	copy(seg, f.seg[f.r:f.w])
	f.seg, f.r, f.w, f.held = seg, 0, have, 0
}

// segments are some of full size to be used again, by any connection: of none of them anybody has a hold.
var segments sync.Pool

// newSegment makes a segment without zeroing it first, which for a large one would cost a good part of what reading into
// it does. Only what has been read is looked at.
func newSegment(size int) []byte {
	if size > segmentMax/2 && size <= segmentMax {
		size = segmentMax
		if s, ok := segments.Get().(*[segmentMax]byte); ok {
			return s[:]
		}
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), size)
}

// rest gives up the segment before a wait that may be long; where something must be there to read into, only a large one.
func (f *frameReader) rest() {
	if f.r == f.w && (f.idle.able() || len(f.seg) > segmentMin || len(f.seg)-f.w < segmentMin/8) {
		if f.held == 0 && len(f.seg) == segmentMax {
			segments.Put((*[segmentMax]byte)(f.seg))
		}
		f.seg, f.r, f.w, f.held = nil, 0, 0, 0
	}
}
