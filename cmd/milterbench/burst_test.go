package main

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// sizes is a connection that notes how large the writes are.
type sizes struct {
	net.Conn
	writes []int
	all    strings.Builder
}

func (s *sizes) Write(b []byte) (int, error) {
	s.writes = append(s.writes, len(b))
	return s.all.Write(b)
}

func (s *sizes) Read([]byte) (int, error) { return 0, io.EOF }
func (s *sizes) Close() error             { return nil }

func TestBurstsAreWrittenInPieces(t *testing.T) {
	const text = "0123456789abcdefghijklmnopqrstuvwxyz"
	for _, c := range []struct {
		name   string
		writes []int // their sizes; 0 reads
		want   []int
	}{
		{"what fills no piece waits for the end", []int{3, 3}, []int{6}},
		{"what fills no piece waits for a read", []int{3, 0, 3}, []int{3, 3}},
		{"a full piece is written at once", []int{8}, []int{8}},
		{"small writes fill a piece", []int{3, 3, 3}, []int{8, 1}},
		{"a large write is cut", []int{20}, []int{8, 8, 4}},
		{"a large write behind a small one fills the piece first", []int{5, 20}, []int{8, 8, 8, 1}},
		{"nothing is written without need", []int{8, 0, 0}, []int{8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := &sizes{}
			burst := newBurstConn(conn, 8)
			sent := 0
			for _, n := range c.writes {
				if n == 0 {
					_, _ = burst.Read(nil)
				} else if got, err := burst.Write([]byte(text[sent : sent+n])); got != n || err != nil {
					t.Fatalf("got %d, %v, want %d", got, err, n)
				}
				sent += n
			}
			if err := burst.Close(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(conn.writes, c.want) || conn.all.String() != text[:sent] {
				t.Errorf("got writes %v of %q, want %v of %q", conn.writes, conn.all.String(), c.want, text[:sent])
			}
		})
	}
}
