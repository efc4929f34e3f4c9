package protocol

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// chunkReader gives n bytes a read.
type chunkReader struct {
	rest string
	n    int
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if r.rest == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.n)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// readFrames reads frames to the end of the input, and the largest segment used.
func readFrames(f *frameReader, r io.Reader) (list []string, largest int, err error) {
	for {
		code, data, ok, err := f.next()
		if err != nil {
			return list, largest, err
		}
		if ok {
			list = append(list, string([]byte{code})+text(data))
			continue
		}
		if err := f.read(r); err != nil {
			return list, largest, err
		}
		largest = max(largest, len(f.seg))
	}
}

func TestFramesComeWholeHoweverTheyAreCut(t *testing.T) {
	var frames []string
	stream := ""
	for _, n := range []int{1, 2, 5000, 3, 65536, 65537, 1, 100, 200_000, 65537, 65537, 70_000, 262144, 1} {
		f := "L" + strings.Repeat(string(rune('a'+len(frames))), n-1)
		frames = append(frames, f)
		stream += frame(f)
	}
	for _, n := range []int{1, 3, 4096, 5000, 65536, 1 << 20} {
		t.Run(fmt.Sprintf("%d bytes a read", n), func(t *testing.T) {
			got, largest, err := readFrames(new(frameReader), &chunkReader{stream, n})
			if err != io.EOF {
				t.Fatal(err)
			}
			if len(got) != len(frames) {
				t.Fatalf("%d frames, want %d", len(got), len(frames))
			}
			for i := range got {
				if got[i] != frames[i] {
					t.Errorf("frame %d: got %.20q (%d), want %.20q (%d)", i, got[i], len(got[i]), frames[i], len(frames[i]))
				}
			}
			if largest > maxFrame+2*readAhead {
				t.Errorf("a segment of %d bytes", largest)
			}
		})
	}
}

func TestFramesAreNotWrittenAgain(t *testing.T) {
	stream := strings.Repeat(frame("B"+strings.Repeat("x", 1000)), 500)
	r := &chunkReader{stream, 1 << 20}
	f := new(frameReader)
	var kept []string
	for {
		_, data, ok, err := f.next()
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			kept = append(kept, text(data))
		} else if err := f.read(r); errors.Is(err, io.EOF) {
			break
		}
	}
	want(t, "frames", len(kept), 500)
	for i, s := range kept {
		if s != strings.Repeat("x", 1000) {
			t.Fatalf("frame %d has changed: %.50q", i, s)
		}
	}
}

func TestLengthThatLiesCostsNothing(t *testing.T) {
	f := &frameReader{body: true}
	_, largest, err := readFrames(f, &chunkReader{"\x00\x04\x00\x00Lxyz", 1 << 20})
	if err != io.EOF {
		t.Fatal(err)
	}
	want(t, "segment", largest, segmentMin)
}

func TestFullBodyFramesAreReadWithoutMovingThem(t *testing.T) {
	f := &frameReader{body: true}
	r := &chunkReader{strings.Repeat(frame("B"+strings.Repeat("x", 65535)), 20), 1 << 20}
	reads, moved := 0, 0
	for {
		if _, _, ok, err := f.next(); err != nil {
			t.Fatal(err)
		} else if ok {
			continue
		}
		before := f.seg
		have := f.w - f.r
		if err := f.read(r); err == io.EOF {
			break
		}
		reads++
		if len(before) >= segmentMax && &before[0] != &f.seg[0] {
			moved += have
		}
	}
	if limit := 20 * (readAhead + segmentMax - 65540); moved > limit || reads > 45 {
		t.Errorf("%d bytes moved in %d reads, want at most %d in 45", moved, reads, limit)
	}
}

func TestIdleConnectionHoldsASmallSegment(t *testing.T) {
	f := new(frameReader)
	if _, _, err := readFrames(f, &chunkReader{frame("B" + strings.Repeat("x", 60000)), 1 << 20}); err != io.EOF {
		t.Fatal(err)
	}
	f.rest()
	want(t, "segment after a message", len(f.seg), 0)
	want(t, "space", len(f.space()), segmentMin)
	f.w = 3
	f.rest()
	want(t, "segment with a part of a frame", len(f.seg), segmentMin)
}
