package main

import (
	"slices"
	"strings"
	"testing"
)

func TestWiretap(t *testing.T) {
	const users = `{ "bigmouth@example.org", "@leak.example", "joe" }`
	out := newFilter(t, "wiretap", map[string]string{"users": users, "dest": `{ "audit@example.org", "boss@example.org" }`})
	in := newFilter(t, "wiretap", map[string]string{"users": users, "outgoing": "false", "incoming": "true"})
	withhold := newFilter(t, "wiretap", map[string]string{"users": users, "discard_users": `{ "canned@example.org", "jim" }`})
	joe, jim := []string{"{auth_authen}", "Joe"}, []string{"{auth_authen}", "jim"}
	for _, c := range []struct {
		name   string
		filter *filterRig
		mail   testMail
		want   string
	}{
		{"a listed sender", out, testMail{from: "bigmouth@example.org"}, "audit@example.org b@example.net boss@example.org"},
		{"in other case", out, testMail{from: "BigMouth@Example.ORG"}, "audit@example.org b@example.net boss@example.org"},
		{"in quotes", out, testMail{from: `"bigmouth"@example.org`}, "audit@example.org b@example.net boss@example.org"},
		{"with a source route", out, testMail{from: "@x.example:bigmouth@example.org"}, "audit@example.org b@example.net boss@example.org"},
		{"a listed domain", out, testMail{from: "x@leak.example"}, "audit@example.org b@example.net boss@example.org"},
		{"a domain that ends the same way", out, testMail{from: "x@no-leak.example"}, "b@example.net"},
		{"a domain below", out, testMail{from: "x@a.leak.example"}, "b@example.net"},
		{"a listed login", out, testMail{from: "x@y.example", macros: joe}, "audit@example.org b@example.net boss@example.org"},
		{"a login is no address", out, testMail{from: "joe"}, "b@example.net"},
		{"another sender", out, testMail{from: "x@example.org"}, "b@example.net"},
		{"a listed recipient, outgoing", out, testMail{to: []string{"bigmouth@example.org"}}, "bigmouth@example.org"},
		{"a bounce", out, testMail{from: "<>"}, "b@example.net"},
		{"a recipient that gets it anyway", out, testMail{from: "bigmouth@example.org", to: []string{"Audit@example.org"}},
			"Audit@example.org boss@example.org"},
		{"a listed recipient", in, testMail{to: []string{"x@y.example", "BIGMOUTH@example.org"}},
			"BIGMOUTH@example.org audit@example.org x@y.example"},
		{"a listed sender, incoming", in, testMail{from: "bigmouth@example.org"}, "b@example.net"},
		{"a listed login, incoming", in, testMail{macros: joe}, "b@example.net"},
		{"mail to dest only", withhold, testMail{from: "canned@example.org", to: []string{"b@example.net", "c@example.net", "b@example.net"}},
			"audit@example.org"},
		{"mail to dest only, which was a recipient", withhold,
			testMail{from: "canned@example.org", to: []string{"b@example.net", "audit@example.org"}}, "audit@example.org"},
		{"mail to dest only, by login", withhold, testMail{from: "x@y.example", macros: jim}, "audit@example.org"},
		{"mail to dest only, a recipient in two forms", withhold,
			testMail{from: "canned@example.org", to: []string{"b@example.net", "B@Example.net"}}, "audit@example.org"},
		{"a copy where another is withheld", withhold, testMail{from: "bigmouth@example.org"}, "audit@example.org b@example.net"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.mail.text = "Subject: x\nCc: x@y.example\n\ntext\n"
			got := c.filter.put(c.mail)
			var to []string
			for _, r := range got.Recipients {
				to = append(to, r.Address)
			}
			slices.Sort(to)
			if got := strings.Join(to, " "); got != c.want {
				t.Errorf("recipients: got %q, want %q", got, c.want)
			}
			if cc := got.fields("Cc"); !slices.Equal(cc, []string{"x@y.example"}) {
				t.Errorf("Cc: got %q", cc)
			}
		})
	}
}

func TestWiretapThatIsSeen(t *testing.T) {
	f := newFilter(t, "wiretap", map[string]string{
		"users": `{ "bigmouth@example.org" }`, "dest": `{ "audit@example.org", "boss@example.org" }`, "blind": "false",
		"discard_users": `{ "canned@example.org" }`,
	})
	const names = "audit@example.org, boss@example.org"
	for _, c := range []struct {
		name, from, header string
		want               []string
	}{
		{"no Cc", "bigmouth@example.org", "Subject: x\n", []string{names}},
		{"a Cc", "bigmouth@example.org", "CC: Ann <ann@example.net>,\n bob@example.net\n",
			[]string{"Ann <ann@example.net>,\n bob@example.net,\n " + names}},
		{"two of them", "bigmouth@example.org", "Cc: ann@example.net\nCc: bob@example.net\n",
			[]string{"ann@example.net,\n " + names, "bob@example.net"}},
		{"an empty one", "bigmouth@example.org", "Cc:\n", []string{"", names}},
		{"one that can't be sent again", "bigmouth@example.org", "Cc: a\rb@example.net\n", []string{"a\rb@example.net", names}},
		{"a huge one", "bigmouth@example.org", "Cc: " + strings.Repeat("x", 61000) + "\n", []string{strings.Repeat("x", 61000), names}},
		{"another sender", "x@example.org", "Cc: ann@example.net\n", []string{"ann@example.net"}},
		{"what is withheld stays as it is", "canned@example.org", "Cc: ann@example.net\n", []string{"ann@example.net"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := f.put(testMail{from: c.from, text: c.header + "\ntext\n"})
			if cc := got.fields("Cc"); !slices.Equal(cc, c.want) {
				t.Errorf("Cc: got %.200q, want %.200q", cc, c.want)
			}
		})
	}
}

func TestWiretapRefusesSettings(t *testing.T) {
	wantBadSettings(t, "wiretap", []badSetting{
		{"nobody", "users", "{}", "users and discard_users are both empty"},
		{"a user that is no text", "users", "{ 5 }", "users[1] is no text"},
		{"no list", "discard_users", `"x@y.example"`, "discard_users must be a list"},
		{"no dest", "dest", "{}", "dest is empty"},
		{"a dest that is no address", "dest", `{ "a@b.example", "@" }`, "dest: @ is no address"},
		{"neither way", "outgoing", "false", "neither outgoing nor incoming"},
	})
}
