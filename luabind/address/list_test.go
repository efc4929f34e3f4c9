package address

import (
	"slices"
	"strings"
	"testing"
)

// box is an address in a table: name, address, and the group if there is one.
type box struct{ name, address, group string }

func boxes(list []Address) (b []box) {
	for _, a := range list {
		b = append(b, box{a.Name, a.Address, a.Group})
	}
	return b
}

type listTest struct {
	name, value string
	want        []box
	defects     []string
}

func runList(t *testing.T, tests []listTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, defects := ParseList(tt.value)
			if got := boxes(list); !slices.Equal(got, tt.want) || !slices.Equal(defects, tt.defects) {
				t.Errorf("got %q %q\nwant %q %q", got, defects, tt.want, tt.defects)
			}
		})
	}
}

const (
	inside   = "white space or comment inside an address"
	atName   = "at-sign in a name without quotes"
	atLocal  = "at-sign in a local part"
	manyAts  = "more than one at-sign in an address"
	looks    = "name that looks like an address"
	commentA = "comment that looks like an address"
	noComma  = "two addresses without a comma"
	route    = "source route"
	special  = "encoded word with a comma or another special character that is not encoded"
)

func TestListsAsTheRFCHasThem(t *testing.T) {
	runList(t, []listTest{
		{"nothing", "", nil, nil},
		{"an address alone", "ann@example.org", []box{{"", "ann@example.org", ""}}, nil},
		{"with a name", "Ann B <ann@example.org>", []box{{"Ann B", "ann@example.org", ""}}, nil},
		{"two, folded", "Ann <ann@example.org>,\r\n bob@example.org", []box{{"Ann", "ann@example.org", ""}, {"", "bob@example.org", ""}}, nil},
		{"a name in quotes, with escapes", `"Ann \"A\" \\ B, C" <ann@example.org>`, []box{{`Ann "A" \ B, C`, "ann@example.org", ""}}, nil},
		{"a dot in a name", "Ann B. C <ann@example.org>", []box{{"Ann B. C", "ann@example.org", ""}}, nil},
		{"encoded names", "=?utf-8?q?K=C3=B6?= =?utf-8?q?ln?= <ann@example.org>", []box{{"Köln", "ann@example.org", ""}}, nil},
		{"words, quotes and encoded words mixed", `Ann "B, C" =?utf-8?q?=C3=B6?= <ann@example.org>`, []box{{"Ann B, C ö", "ann@example.org", ""}}, nil},
		{"the name in a comment", "ann@example.org (Ann (A) \\) B)", []box{{"Ann (A) ) B", "ann@example.org", ""}}, nil},
		{"an encoded name in a comment", "ann@example.org (=?utf-8?q?=C3=B6?=)", []box{{"ö", "ann@example.org", ""}}, nil},
		{"the name in a comment behind brackets", "<ann@example.org> (Ann)", []box{{"Ann", "ann@example.org", ""}}, nil},
		{"a group", "Team (all): Ann <ann@example.org>, bob@example.org; (end), eve@example.org",
			[]box{{"Ann", "ann@example.org", "Team"}, {"", "bob@example.org", "Team"}, {"", "eve@example.org", ""}}, nil},
		{"an empty group", "undisclosed-recipients:;", nil, nil},
		{"a quoted local part", `"ann b"@example.org`, []box{{"", `"ann b"@example.org`, ""}}, nil},
		{"quotes that are not needed", `"ann"@example.org`, []box{{"", "ann@example.org", ""}}, nil},
		{"quotes in one word", `"ann".b@example.org`, []box{{"", "ann.b@example.org", ""}}, nil},
		{"literals", "a@[192.0.2.1], b@[IPv6:2001:db8::1]", []box{{"", "a@[192.0.2.1]", ""}, {"", "b@[IPv6:2001:db8::1]", ""}}, nil},
		{"UTF-8", "Jürgen <用户@例え.example>", []box{{"Jürgen", "用户@例え.example", ""}}, nil},
		{"upper case stays", "Ann@Example.ORG", []box{{"", "Ann@Example.ORG", ""}}, nil},
		{"empty places", ", ann@example.org, ,", []box{{"", "ann@example.org", ""}}, nil},
		{"the name is the address", `"ann@example.org" <Ann@example.org>`, []box{{"ann@example.org", "Ann@example.org", ""}}, nil},
		{"a route", "<@a.example,@b.example:ann@example.org>", []box{{"", "ann@example.org", ""}}, []string{route}},
		{"space and comments everywhere", "Ann (x) <ann . b (y) @ (z) example . org>", []box{{"Ann", "ann.b@example.org", ""}}, []string{inside}},
	})
}

func TestBrokenLists(t *testing.T) {
	runList(t, []listTest{
		{"no brackets", "Ann B ann@example.org", []box{{"Ann B", "ann@example.org", ""}}, []string{"address without brackets behind a name"}},
		{"no end of the brackets", "Ann <ann@example.org", []box{{"Ann", "ann@example.org", ""}}, []string{"bracket without its end"}},
		{"no end of the first brackets", "Ann <ann@example.org, Bob <bob@example.org>",
			[]box{{"Ann", "ann@example.org", ""}, {"Bob", "bob@example.org", ""}}, []string{"bracket without its end"}},
		{"no start", "ann@example.org>", []box{{"", "ann@example.org", ""}}, []string{"bracket without its start"}},
		{"no end of the quotes", `"Ann <ann@example.org>`, []box{{"Ann", "ann@example.org", ""}}, []string{"quote without its end"}},
		{"semicolons", "a@x.example; b@x.example", []box{{"", "a@x.example", ""}, {"", "b@x.example", ""}}, []string{"semicolon outside of a group"}},
		{"a group without its end", "Re: ann <ann@example.org>", []box{{"ann", "ann@example.org", "Re"}}, []string{"group without its end"}},
		{"a group in a group", "A: B: a@x.example;", []box{{"", "a@x.example", "B"}}, []string{"group within a group"}},
		{"a name alone", "Ann B", []box{{"Ann B", "", ""}}, []string{"name without an address"}},
		{"a word alone", "ann", []box{{"", "ann", ""}}, []string{"address without a domain"}},
		{"nobody", "Mailer <>", []box{{"Mailer", "", ""}}, []string{"empty address"}},
		{"no domain", "ann@", []box{{"", "ann", ""}}, []string{"address without a domain"}},
		{"no local part", "@example.org", []box{{"", "@example.org", ""}}, []string{"address without a local part"}},
		{"a port", "ann@example.org:25", []box{{"", "ann@example.org", ""}, {"", "25", ""}}, []string{"colon in an address", "address without a domain"}},
		{"brackets in a name", "[list] Ann <ann@example.org>", []box{{"[list] Ann", "ann@example.org", ""}}, []string{"square bracket in a name without quotes"}},
		{"a name that is not UTF-8", "J\xfcrgen <j@example.org>", []box{{"Jürgen", "j@example.org", ""}},
			[]string{"raw 8-bit text that is not UTF-8, read as windows-1252"}},
		{"an address that is not UTF-8", "j\xfcrgen@example.org", []box{{"", "jürgen@example.org", ""}},
			[]string{"raw 8-bit address that is not UTF-8, read as windows-1252"}},
		{"text behind", "<ann@example.org> Ann", []box{{"", "ann@example.org", ""}}, []string{"text behind an address"}},
		{"quotes in the domain", `ann@"example".org`, []box{{"", "ann@example.org", ""}}, []string{"characters that no domain has"}},
		{"a dot at the end of a word", "J. ann@example.org", []box{{"", "J.ann@example.org", ""}}, []string{inside}},
	})
}

// TestForgedSenders has what is done to show one sender and send from another: each is named, or gives both.
func TestForgedSenders(t *testing.T) {
	const boss, evil = "boss@bank.example", "x@evil.example"
	runList(t, []listTest{
		{"two senders", boss + ", " + evil, []box{{"", boss, ""}, {"", evil, ""}}, nil},
		{"the name in quotes", `"` + boss + `" <` + evil + ">", []box{{boss, evil, ""}}, []string{looks}},
		{"the name without quotes", boss + " <" + evil + ">", []box{{boss, evil, ""}}, []string{atName, looks}},
		{"the name encoded", "=?utf-8?q?boss=40bank=2Eexample?= <" + evil + ">", []box{{boss, evil, ""}}, []string{looks}},
		{"the name encoded, with brackets", "=?utf-8?b?Qm9zcyA8Ym9zc0BiYW5rLmV4YW1wbGU+?= <" + evil + ">",
			[]box{{"Boss <" + boss + ">", evil, ""}}, []string{looks}},
		{"the name with another at-sign", "boss\uFF20bank.example <" + evil + ">", []box{{"boss\uFF20bank.example", evil, ""}}, []string{looks}},
		{"an encoded word with brackets that are not", "=?utf-8?q?<" + boss + ">?= <" + evil + ">", []box{{"<" + boss + ">", evil, ""}}, []string{special, looks}},
		{"an encoded comma", "=?utf-8?q?Doe,_John?= <" + evil + ">", []box{{"Doe, John", evil, ""}}, []string{special}},
		{"an encoded word in quotes", `"=?utf-8?q?boss=40bank.example?=" <` + evil + ">", []box{{boss, evil, ""}}, []string{"encoded word in quotes", looks}},
		{"encoded words as local part", "=?utf-8?q?boss=40bank.example?==?utf-8?q?=00?=@evil.example",
			[]box{{"", "=?utf-8?q?boss=40bank.example?==?utf-8?q?=00?=@evil.example", ""}}, []string{"encoded word in an address"}},
		{"NUL in an encoded name", "=?utf-8?q?boss=40bank.example=00?= <" + evil + ">", []box{{boss + "\x00", evil, ""}}, []string{"NUL in the text", looks}},
		{"NUL in an address", boss + "\x00@evil.example", []box{{"", "\"" + boss + "\x00\"@evil.example", ""}},
			[]string{"NUL outside of quotes", manyAts, atLocal, "control character in an address"}},
		{"a line break", boss + "\r" + evil, []box{{"", boss, ""}, {"", evil, ""}}, []string{"line break that is no folding", noComma}},
		{"two in brackets", "<" + boss + "> <" + evil + ">", []box{{"", boss, ""}, {"", evil, ""}}, []string{noComma}},
		{"two in one pair of brackets", "<" + boss + ", " + evil + ">", []box{{"", boss, ""}, {"", evil, ""}}, []string{"more than one address between brackets"}},
		{"one behind the brackets", "<" + evil + "> " + boss, []box{{"", evil, ""}, {"", boss, ""}}, []string{"text behind an address"}},
		{"two without a comma", boss + " " + evil, []box{{"", boss, ""}, {"", evil, ""}}, []string{noComma}},
		{"two at-signs", boss + "@evil.example", []box{{"", `"` + boss + `"@evil.example`, ""}}, []string{manyAts, atLocal}},
		{"an at-sign in quotes", `"` + boss + `"@evil.example`, []box{{"", `"` + boss + `"@evil.example`, ""}}, []string{atLocal}},
		{"an at-sign behind a backslash", `boss\@bank.example@evil.example`, []box{{"", `"boss\\@bank.example"@evil.example`, ""}},
			[]string{"backslash outside of quotes", manyAts, atLocal}},
		{"in a comment behind", evil + " (" + boss + ")", []box{{boss, evil, ""}}, []string{commentA, looks}},
		{"in a comment with brackets", boss + " (<" + evil + ">)", []box{{"<" + evil + ">", boss, ""}}, []string{commentA, looks}},
		{"in a comment inside", "boss(@bank.example)@evil.example", []box{{"@bank.example", "boss@evil.example", ""}}, []string{commentA, inside, looks}},
		{"in a comment without its end", boss + " (, " + evil, []box{{"", boss, ""}, {"", evil, ""}}, []string{"comment without its end"}},
		{"in quotes without their end", boss + ` ", ` + evil, []box{{"", boss, ""}, {"", evil, ""}}, []string{"quote without its end"}},
		{"a route without brackets", "@bank.example:" + evil, []box{{"", evil, ""}}, []string{route}},
		{"a group as name", `"` + boss + `": ` + evil + ";", []box{{"", evil, boss}}, []string{"group name that looks like an address"}},
	})
}

func TestParse(t *testing.T) {
	a, ok := Parse(`"Ann" <"a b"@Example.org>`)
	want := Address{Name: "Ann", Address: `"a b"@Example.org`, Local: "a b", Domain: "Example.org"}
	if !ok || a != want {
		t.Errorf("got %q %v, want %q", a, ok, want)
	}
	for _, s := range []string{"", "<>", "a@x.example, b@x.example", "g: a@x.example;", "Ann B", "(a@b)"} {
		if a, ok := Parse(s); ok || a != (Address{}) {
			t.Errorf("%q: got %q %v, want none", s, a, ok)
		}
	}
}

func TestLimits(t *testing.T) {
	list, defects := ParseList(strings.Repeat("a@b.example,", 20000))
	if len(list) != mostAddresses || !slices.Equal(defects, []string{"more than 10000 addresses: the rest is not read"}) {
		t.Errorf("got %d addresses, %q", len(list), defects)
	}
	list, defects = ParseList(strings.Repeat(" ", mostBytes) + "a@b.example")
	if len(list) != 0 || !slices.Equal(defects, []string{"longer than 1 MiB: the rest is not read"}) {
		t.Errorf("got %d addresses, %q", len(list), defects)
	}
}

// TestHostileInputIsBounded has inputs where going back, or looking for an end that is not there, would take hours.
func TestHostileInputIsBounded(t *testing.T) {
	for _, unit := range []string{
		"(", "((a)", "<", "<a,", "<a;", "\"", "\\\"", "[", "[a", "=?", "=?a?q?", "=?utf-8?q?a ", "a ", "a@", "@", ":", "a:", ";", ",", ".", " . ",
		"a@b ", "<a@b>", "<@a,", "<@a:", "a@b:", ">", "(a)", "\"a\"", "\xff", "\x00", "\r", "a@b<", "(@)", "=?a?q?<?=", "<a@b> c@d ",
	} {
		list, defects := ParseList(strings.Repeat(unit, mostBytes/len(unit)))
		if len(list) > mostAddresses || len(defects) > 32 {
			t.Errorf("%q repeated: %d addresses, %d defects", unit, len(list), len(defects))
		}
	}
}
