package miltertest

import (
	"slices"
	"strings"
	"testing"

	"luamilter/protocol"
)

func TestBodiesGoInChunksThatAnMTAWouldSend(t *testing.T) {
	m := &milter{}
	_, err := runScript(t, m, `
		local conn = mt.connect("/s")
		mt.bodystring(conn, ("x"):rep(65535) .. "rest")
		mt.bodystring(conn, ("y"):rep(65535))
		mt.bodystring(conn, "a\0b")
		mt.bodystring(conn, "")`)
	want := []string{strings.Repeat("x", 65535), "rest", strings.Repeat("y", 65535), "a\x00b", ""}
	if got := m.sent('B'); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %.80q, %v", got, err)
	}
}

func TestNoMoreOfABodyIsSentThanIsWanted(t *testing.T) {
	m := &milter{answers: map[byte][]string{'B': {"s"}}}
	out, err := runScript(t, m, `
		local conn = mt.connect("/s")
		mt.bodystring(conn, ("x"):rep(100000))
		mt.bodyrandom(conn, 100000)
		mt.echo(tostring(mt.getreply(conn) == SMFIR_SKIP))`)
	if got := len(m.sent('B')); err != nil || got != 2 || out != "true\n" {
		t.Errorf("got %d chunks, %q, %v", got, out, err)
	}
}

func TestRandomBodiesAreLinesOfPrintableASCII(t *testing.T) {
	m := &milter{}
	if _, err := runScript(t, m, `mt.bodyrandom(mt.connect("/s"), 50000)`); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, chunk := range m.sent('B') {
		line, ok := strings.CutSuffix(chunk, "\r\n")
		if !ok || len(chunk) >= 1024 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("chunk %q", chunk)
		}
		total += len(line)
	}
	if total != 50000 {
		t.Errorf("got %d bytes", total)
	}
}

// Here the model finds less than its manual says.
func TestChecksThatTheManualPromises(t *testing.T) {
	m := &milter{answers: map[byte][]string{'E': {
		"m\x00\x00\x00\x02Subject\x00new\x00", "bfirst, ", "bsecond", "y551 5.7.1 not today\x00",
	}}}
	out, err := runScript(t, m, `
		local conn = mt.connect("/s")
		mt.eom(conn)
		local function check(...) mt.echo(tostring(mt.eom_check(conn, ...))) end
		check(MT_SMTPREPLY)
		check(MT_SMTPREPLY, "551")
		check(MT_SMTPREPLY, "55")
		check(MT_SMTPREPLY, "551", "5.7.1")
		check(MT_SMTPREPLY, "551", "5.7")
		check(MT_SMTPREPLY, "551", "5.7.1", "not")
		check(MT_HDRCHANGE, "Subject", "new", 2)
		check(MT_HDRCHANGE, "Subject", "new", 1)
		check(MT_BODYCHANGE, "first, ")
		check(MT_BODYCHANGE, "first, second")
		check(MT_BODYCHANGE, "first, second ")
		mt.eom(conn)
		check(MT_BODYCHANGE, "first, second")`)
	want := "true true false true false false true false true true false false "
	if got := strings.ReplaceAll(out, "\n", " "); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestRepliesOfSeveralLinesAreFoundByTheirCode(t *testing.T) {
	m := &milter{answers: map[byte][]string{'E': {"y550-5.1.1 one\r\n550 5.1.1 two\x00"}}}
	out, err := runScript(t, m, `
		local conn = mt.connect("/s")
		mt.eom(conn)
		mt.echo(tostring(mt.eom_check(conn, MT_SMTPREPLY, "550")))
		mt.echo(tostring(mt.eom_check(conn, MT_SMTPREPLY, "550-5.1.1 one\r\n550", "5.1.1", "two")))`)
	if out != "true\ntrue\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestAnswersThatNoMTAWouldTake(t *testing.T) {
	for name, answers := range map[string]map[byte][]string{
		"not to the negotiation": {'O': {"r"}},
		"cut short":              {'O': {"O\x00\x00\x00\x06"}},
		"of no length":           {'O': {""}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := runScript(t, &milter{answers: answers}, `
				local conn = mt.connect("/s")
				mt.echo(type(mt.negotiate(conn, nil, nil, nil)) .. mt.getreply(conn))
				conn = mt.connect("/s")
				mt.echo(tostring(pcall(mt.helo, conn, "a")))`)
			if out != "string0\nfalse\n" || err != nil {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
}

func TestBrokenChangesAreNotFound(t *testing.T) {
	m := &milter{answers: map[byte][]string{'E': {"h", "i", "i\x00\x00", "m\x00\x00\x00\x01", "+", "-", "q", "b", "y"}}}
	out, err := runScript(t, m, `
		local conn = mt.connect("/s")
		mt.echo(tostring(mt.eom(conn)))
		for op = MT_HDRADD, MT_HDRDELETE do
			mt.echo(tostring(mt.eom_check(conn, op, "A")))
		end
		mt.echo(tostring(mt.eom_check(conn, MT_RCPTADD, "a")))
		mt.echo(tostring(mt.eom_check(conn, MT_SMTPREPLY, "550")))
		mt.echo(tostring(mt.getheader(conn, "A", 0)))`)
	if want := "nil\n" + strings.Repeat("false\n", 6) + "nil\n"; out != want || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestChangesAreBounded(t *testing.T) {
	piece := "b" + strings.Repeat("x", 65535)
	m := &milter{answers: map[byte][]string{'E': slices.Repeat([]string{piece}, protocol.MaxChanges/65536+1)}}
	out, err := runScript(t, m, `
		local conn = mt.connect("/s")
		mt.echo(mt.eom(conn))
		mt.disconnect(conn, false)`)
	if want := "the filter asks for changes of more than 134217728 bytes\n"; out != want || err != nil {
		t.Errorf("got %.200q, %v", out, err)
	}
}
