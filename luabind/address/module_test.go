package address_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/address"
	"luamilter/luabind/guard"
)

// load loads a script that has the module as address.
func load(t *testing.T, src string, limit time.Duration) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	if err := os.WriteFile(path, []byte("local address = require(\"address\") "+src+"\nfunction on_mail() end"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := luabind.Load(t.Context(), path, luabind.Env{
		Modules:   map[string]lua.LGFunction{"address": address.Open},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.DiscardHandler),
		LoadLimit: limit,
	})
	return err
}

func TestModule(t *testing.T) {
	tests := []struct{ name, lua string }{
		{"parse", `local a = address.parse('"Ann" <"a b"@Example.org>')
			assert(a.name == "Ann" and a.address == '"a b"@Example.org' and a.localpart == "a b" and a.domain == "Example.org" and a.group == nil)`},
		{"parse nothing", `local a, err = address.parse(""); assert(a == nil and err == 'no address in ""', err)`},
		{"parse two", `local a, err = address.parse("a@b, c@d"); assert(a == nil and err == '2 addresses in "a@b, c@d"', err)`},
		{"parse a group", `local a, err = address.parse("x: a@b;"); assert(a == nil and err:find("a group", 1, true), err)`},
		{"a long value is cut in the message", `local a, err = address.parse(("x "):rep(1000)); assert(#err < 200)`},
		{"list", `local list, defects = address.list('boss@bank.example <x@evil.example>, Team: b@c;')
			assert(#list == 2 and list[1].name == "boss@bank.example" and list[1].domain == "evil.example" and list[2].group == "Team")
			assert(#defects == 2, #defects)`},
		{"list of nothing", `local list, defects = address.list(""); assert(#list == 0 and #defects == 0)`},
		{"format", `assert(address.format{name="B, Ann", address="ann@example.org"} == '"B, Ann" <ann@example.org>')`},
		{"format parts", `assert(address.format{localpart="a b", domain="example.org"} == '"a b"@example.org')`},
		{"format what parse gave", `local s = '"B, Ann" <ann@example.org>'; assert(address.format(address.parse(s)) == s)`},
		{"format with address changed", `local a = address.parse("a@b.example"); a.address = "c@d.example"; assert(address.format(a) == "c@d.example")`},
		{"format what is no address", `local s, err = address.format{address="a@b\r\nBcc: c@d"}; assert(s == nil and err:find("2 addresses", 1, true), err)`},
		{"domain", `assert(address.domain("Ann <ann@Example.ORG.>") == "example.org")`},
		{"no domain", `local d, err = address.domain("ann"); assert(d == nil and err == 'no domain in "ann"', err)`},
		{"org_domain", `assert(address.org_domain("mail.example.co.uk") == "example.co.uk" and address.org_domain("co.uk") == nil)`},
		{"same_org", `assert(address.same_org("mail.example.com", "example.com") and not address.same_org("evil-example.com", "example.com"))`},
		{"to_ascii and back", `assert(address.to_ascii("bücher.example") == "xn--bcher-kva.example")
			assert(address.to_unicode("xn--bcher-kva.example") == "bücher.example")`},
		{"to_ascii of what is no domain", `local d, err = address.to_ascii("a b"); assert(d == nil and err:find('"a b"', 1, true), err)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := load(t, tt.lua, 10*time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWrongArguments(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"parse", `address.parse()`, "filter.lua:1: bad argument #1 to 'address.parse' (s: string expected, got no value)"},
		{"list", `address.list({})`, "bad argument #1 to 'address.list' (s: string expected, got table)"},
		{"format", `address.format("a@b")`, "bad argument #1 to 'address.format' (address: table expected, got string)"},
		{"format a wrong field", `address.format{name=5, address="a@b"}`, "(address: field name: string expected, got number)"},
		{"format nothing", `address.format{name="x"}`, "bad argument #1 to 'address.format' (address: neither address nor localpart)"},
		{"format a field that is too long", `address.format{name=("x"):rep(1048577), address="a@b"}`, "(address: field name: longer than 1 MiB)"},
		{"domain", `address.domain(nil)`, "bad argument #1 to 'address.domain' (s: string expected, got nil)"},
		{"org_domain", `address.org_domain(true)`, "bad argument #1 to 'address.org_domain' (domain: string expected, got boolean)"},
		{"same_org", `address.same_org("a")`, "bad argument #2 to 'address.same_org' (b: string expected, got no value)"},
		{"to_ascii", `address.to_ascii()`, "bad argument #1 to 'address.to_ascii' (domain: string expected, got no value)"},
		{"to_unicode", `address.to_unicode()`, "bad argument #1 to 'address.to_unicode' (domain: string expected, got no value)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := load(t, tt.lua, 10*time.Second); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWorkIsCharged(t *testing.T) {
	err := load(t, `local s = ("a@b.example, "):rep(5000) while true do address.list(s) end`, 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "time limit") {
		t.Errorf("got %v, want the time limit", err)
	}
}

func TestExamplesOfThePageRun(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/address.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllSubmatch(page, -1)
	if len(examples) == 0 {
		t.Fatal("the page has no examples")
	}
	for _, e := range examples {
		if err := load(t, string(e[1]), 10*time.Second); err != nil {
			t.Errorf("%v in\n%s", err, e[1])
		}
	}
}
