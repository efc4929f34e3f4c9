package score_test

import (
	"fmt"
	"strings"
	"testing"

	"luamilter/luabind"
	"luamilter/protocol"
)

const limits = `local points = score.new { tag = 5, tempfail = 8, reject = 15 } `

var (
	connect = call{cb: luabind.OnConnect}
	helo    = call{cb: luabind.OnHelo}
	mail    = call{cb: luabind.OnMail}
	eom     = call{cb: luabind.OnEOM}
)

func header(name, value string) call {
	return call{luabind.OnHeader, protocol.Event{Name: name, Value: value}}
}

func TestLevels(t *testing.T) {
	tests := []struct {
		name   string
		points string // of the header field
		level  string
		kind   protocol.VerdictKind
		reply  string
	}{
		{"below all", "4.999999", "nil", protocol.VerdictContinue, ""},
		{"tagged", "5", `"tag"`, protocol.VerdictContinue, ""},
		{"delayed", "8", `"tempfail"`, protocol.VerdictTempfail, "451 4.7.1 the message looks like spam, try again later"},
		{"refused", "15", `"reject"`, protocol.VerdictReject, "550 5.7.1 the message looks like spam"},
		{"the gravest level counts", "100", `"reject"`, protocol.VerdictReject, "550 5.7.1 the message looks like spam"},
		{"fewer points than none", "-3", "nil", protocol.VerdictContinue, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, v, err := callInStates(t, limits+`
				function on_header(name, value) points:add(tonumber(value), name) end
				function on_eom() got(points:level(), points:total()) return points:verdict() end`,
				mail, header("X", tt.points), eom)
			if err != nil {
				t.Fatal(err)
			}
			if want := tt.level + " " + tt.points; got[0] != want {
				t.Errorf("level and total: got %s, want %s", got[0], want)
			}
			reply := ""
			if v.Kind == protocol.VerdictReject || v.Kind == protocol.VerdictTempfail {
				reply = fmt.Sprint(v.Reply.Code, " ", v.Reply.EnhancedCode, " ", strings.Join(v.Reply.Lines, "|"))
			}
			if v.Kind != tt.kind || reply != tt.reply {
				t.Errorf("verdict: got %v %s, want %v %s", v.Kind, reply, tt.kind, tt.reply)
			}
		})
	}
}

func TestPointsAcrossCallbacks(t *testing.T) {
	src := limits + `
		function on_helo(name) points:add(3, "bad HELO") points:add(-1, "known host") got(points:total()) end
		function on_mail() points:add(0.7, "null\r\nsender") got(points:total()) end
		function on_header(name, value) points:add(0.1, name .. ": " .. value) end
		function on_eom()
			got(points:report())
			for _, r in ipairs(points:reasons()) do got(r.points, r.reason) end
			return points:verdict("go away")
		end`
	got, v, err := callInStates(t, src, connect, helo, helo, mail, header("Subject", "x\x00\xe9"), header("To", strings.Repeat("é", 200)), eom)
	if err != nil {
		t.Fatal(err)
	}
	long := "To: " + strings.Repeat("é", 98) + "..."
	want := []string{
		"2", "2", // the second HELO replaces the first
		"2.7",
		`"2.9: bad HELO (3), known host (-1), null  sender (0.7), Subject: x ? (0.1), ` + long + ` (0.1)"`,
		`3 "bad HELO"`, `-1 "known host"`, `0.7 "null  sender"`, `0.1 "Subject: x ?"`, `0.1 "` + long + `"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if v.Kind != protocol.VerdictContinue {
		t.Errorf("got the verdict %v, want none", v.Kind)
	}

	got, _, err = callInStates(t, src, helo, mail, header("A", "b"), mail, eom)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"2.7: bad HELO (3), known host (-1), null  sender (0.7)"`; got[3] != want {
		t.Errorf("a second message of the connection: got %s, want %s", got[3], want)
	}
}

func TestNoPoints(t *testing.T) {
	got, v, err := callInStates(t, limits+`
		function on_connect() got(points:total(), points:level()) end
		function on_eom() got(points:total(), points:report(), #points:reasons()) return points:verdict() end`, connect, mail, eom)
	if err != nil || got[0] != "0 nil" || got[1] != `0 "0" 0` || v.Kind != protocol.VerdictContinue {
		t.Errorf("got %v, %v, %v, want 0 points and no verdict", got, v.Kind, err)
	}
}

func TestTwoScales(t *testing.T) {
	got, v, err := callInStates(t, limits+`
		local other = score.new { reject = 1, field = "trust" }
		function on_mail() points:add(6, "a") other:add(2, "b") end
		function on_eom() got(points:report(), other:report(), #msg.score) return other:verdict("no trust") end`, mail, eom)
	if err != nil || got[0] != `"6: a (6)" "2: b (2)" 1` || v.Kind != protocol.VerdictReject || v.Reply.Lines[0] != "no trust" {
		t.Errorf("got %v, %v, %v, want one entry each, and that the other one refuses", got, v, err)
	}
}

func TestManyReasonsAreKeptAsOne(t *testing.T) {
	got, _, err := callInStates(t, limits+`
		function on_mail() for i = 1, 5000 do points:add(0.001, "r" .. i) end end
		function on_eom() local r = points:reasons() got(points:total(), #r, r[100].reason, r[101].reason, r[101].points) end`, mail, eom)
	if err != nil {
		t.Fatal(err)
	}
	if want := `5 101 "r100" "more reasons" 4.9`; got[0] != want {
		t.Errorf("got %s, want %s", got[0], want)
	}
	got, _, err = callInStates(t, limits+`
		function on_helo() for i = 1, 5000 do points:add(0.001, "r" .. i) end got(points:total(), #points:reasons()) end`, helo)
	if err != nil || got[0] != "5 101" {
		t.Errorf("in conn: got %v, %v, want 5 points and 101 entries", got, err)
	}
}

func TestWrongArguments(t *testing.T) {
	expectError(t, []struct{ name, lua, want string }{
		{"no limits", `score.new()`, `bad argument #1 to 'score.new' (limits: table expected, got no value)`},
		{"empty limits", `score.new {}`, `(limits: at least one of tag, tempfail and reject expected)`},
		{"an unknown limit", `score.new { rejct = 5 }`, `(limits: tag, tempfail, reject and field are known, not rejct)`},
		{"limits in the wrong order", `score.new { tempfail = 8, reject = 5 }`, `(tempfail: 8 is not below reject (5), so it would never be reached)`},
		{"equal limits", `score.new { tag = 5, reject = 5 }`, `(tag: 5 is not below reject (5)`},
		{"a limit that is no number", `score.new { tag = "5" }`, `(tag: number expected, got string)`},
		{"a limit without bounds", `score.new { tag = 1/0 }`, `(tag: a number from -1000000 to 1000000 expected, got +Inf)`},
		{"a field that is no name", `score.new { tag = 1, field = 5 }`, `(field: the name of a field of msg expected, got 5)`},
		{"points while the script loads", `score.new({ tag = 1 }):add(1, "x")`, `only in a callback, not while the script loads`},
		{"a method on something else", `score.new({ tag = 1 }).add({}, 1, "x")`, `bad argument #1 to 'add' (score: what score.new gives expected, got table)`},
	})
	tests := []struct{ name, lua, want string }{
		{"no points", `points:add()`, `bad argument #2 to 'add' (points: number expected, got nil)`},
		{"points that are not a number", `points:add(0/0, "x")`, `(points: a number from -1000000 to 1000000 expected, got NaN)`},
		{"no reason", `points:add(1)`, `bad argument #3 to 'add' (reason: string expected, got no value)`},
		{"an empty reason", `points:add(1, "")`, `(reason: a text expected, got an empty one)`},
		{"a field that the script uses itself", `msg.score = "mine" points:add(1, "x")`, `add: msg.score holds something else than points; name another field in score.new`},
		{"a text that can't be sent", `points:add(100, "x") return points:verdict("a\nb")`, `may not stand in a reply`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := callInStates(t, limits+`function on_mail() `+tt.lua+` end`, mail)
			if err == nil || !strings.Contains(err.Error(), "filter.lua:1:") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want filter.lua:1 and %q", err, tt.want)
			}
		})
	}
}
