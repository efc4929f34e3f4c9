package mta

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"luamilter/protocol"
)

// applyEach is Apply for the header, one change after the other.
func applyEach(fields []Field, changes []protocol.Change) []Field {
	for _, c := range changes {
		switch c.Code {
		case protocol.ReplyAddHeader:
			fields = append(fields, changedField(c))
		case protocol.ReplyInsertHeader:
			fields = slices.Insert(fields, min(int(c.Index), len(fields)), changedField(c))
		case protocol.ReplyChangeHeader:
			seen := uint32(0)
			i := slices.IndexFunc(fields, func(f Field) bool {
				if !f.Own && strings.EqualFold(f.Name, c.Name) {
					seen++
				}
				return seen == max(c.Index, 1)
			})
			switch {
			case i < 0 && c.Value != "":
				fields = append(fields, changedField(c))
			case i < 0:
			case c.Value == "":
				fields = slices.Delete(fields, i, i+1)
			default:
				fields[i] = changedField(c)
			}
		}
	}
	return fields
}

func TestManyChangesAreThoseOfOneAfterTheOther(t *testing.T) {
	codes := []protocol.ReplyCode{
		protocol.ReplyAddHeader, protocol.ReplyInsertHeader, protocol.ReplyChangeHeader, protocol.ReplyChangeHeader,
	}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		name := func() string { return []string{"A", "a", "B", "Received"}[random.IntN(4)] }
		m := ParseMail("A: 1\nB: 2\nReceived: 3\na: 4\nA: 5\n\nbody\n")
		var changes []protocol.Change
		for n := range 30 {
			value := fmt.Sprint("new ", n)
			code := codes[random.IntN(len(codes))]
			if code == protocol.ReplyChangeHeader && random.IntN(2) == 0 {
				value = ""
			}
			changes = append(changes, protocol.Change{Code: code, Index: uint32(random.IntN(5)), Name: name(), Value: value})
		}
		want := applyEach(slices.Clone(m.Fields), changes)
		if m.Apply(changes); !slices.Equal(m.Fields, want) {
			t.Fatalf("seed %d: %v\ngot  %v\nwant %v", seed, changes, m.Fields, want)
		}
	}
}

func TestAHeaderOfVeryManyFieldsIsDeleted(t *testing.T) {
	const n = 200_000
	m := ParseMail(strings.Repeat("X: y\n", n) + "\n")
	changes := slices.Repeat([]protocol.Change{{Code: protocol.ReplyChangeHeader, Name: "x"}}, n)
	for i := range changes {
		changes[i].Index = uint32(n - i)
	}
	if m.Apply(changes); m.Text() != "\n" { // with a search for each it would take minutes
		t.Errorf("%d fields are left", len(m.Fields))
	}
}
