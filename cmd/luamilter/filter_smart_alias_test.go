package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSmartAlias(t *testing.T) {
	f := newFilter(t, "smart_alias", map[string]string{"aliases": `{
		{ from = "client@clientcorp.example", to = "sue@example.org", new = { "copycust@example.org" } },
		{ from = "cust@othercorp.example", to = "walter@example.org", new = { "boss@example.org", "Walter@Example.org" } },
		{ from = "@partner.example", to = "@example.org", new = { "partners@example.org" } },
		{ from = "vip@partner.example", to = "@example.org", new = { "vips@example.org" } },
		{ from = "@partner.example", to = "sue@example.org", new = { "sue.partners@example.org" } },
		{ from = "", to = "list@example.org", new = { "bounces@example.org" } },
		{ to = "old@example.org", new = { "new@example.org", "new2@example.org" } },
		{ to = "new@example.org", new = { "newer@example.org" } },
	}`})
	for _, c := range []struct {
		name, from string
		to         []string
		want       string // sender and recipients
	}{
		{"sender and recipient", "client@clientcorp.example", []string{"sue@example.org"}, "copycust@example.org"},
		{"the recipient alone", "x@clientcorp.example", []string{"sue@example.org"}, "sue@example.org"},
		{"the sender alone", "client@clientcorp.example", []string{"ann@example.org"}, "ann@example.org"},
		{"in other case", "Client@ClientCorp.example", []string{"SUE@Example.ORG"}, "copycust@example.org"},
		{"quoted, and with a source route", `"client"@clientcorp.example`, []string{"@a.example:sue@example.org"}, "copycust@example.org"},
		{"a domain that ends the same way", "client@evil-clientcorp.example", []string{"sue@example.org"}, "sue@example.org"},
		{"a copy besides", "cust@othercorp.example", []string{"walter@example.org"}, "boss@example.org walter@example.org"},
		{"the other recipients stay", "client@clientcorp.example", []string{"ann@example.org", "sue@example.org", "bob@example.net"},
			"ann@example.org bob@example.net copycust@example.org"},
		{"domain and domain", "x@partner.example", []string{"ann@example.org", "bob@example.org"}, "partners@example.org"},
		{"the sender's address before its domain", "vip@partner.example", []string{"ann@example.org"}, "vips@example.org"},
		{"the recipient's address before its domain", "vip@partner.example", []string{"sue@example.org"}, "sue.partners@example.org"},
		{"any sender", "x@y.example", []string{"old@example.org"}, "new2@example.org new@example.org"},
		{"new recipients are not looked up", "x@y.example", []string{"old@example.org", "new@example.org"},
			"new2@example.org new@example.org newer@example.org"},
		{"a new recipient that is there", "x@y.example", []string{"old@example.org", "new2@example.org"}, "new2@example.org new@example.org"},
		{"the null sender", "<>", []string{"list@example.org"}, "bounces@example.org"},
		{"the null sender is no other", "x@y.example", []string{"list@example.org"}, "list@example.org"},
		{"any includes the null sender", "<>", []string{"old@example.org"}, "new2@example.org new@example.org"},
		{"one recipient twice", "client@clientcorp.example", []string{"sue@example.org", "sue@example.org"}, "copycust@example.org"},
		{"one recipient in two forms", "client@clientcorp.example", []string{"sue@example.org", "Sue@example.org"}, "copycust@example.org"},
		{"without domains", "root", []string{"postmaster"}, "postmaster"},
		{"the sender that stands for any", `" "`, []string{"sue@example.org"}, "sue@example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := f.put(testMail{from: c.from, to: c.to, text: "Subject: x\n\ntext\n"})
			var to []string
			for _, r := range got.Recipients {
				to = append(to, r.Address)
			}
			slices.Sort(to)
			if got := strings.Join(to, " "); got != c.want {
				t.Errorf("recipients: got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSmartAliasOfManyRecipients(t *testing.T) {
	f := newFilter(t, "smart_alias", map[string]string{"aliases": `{ { to = "@example.org", new = { "all@example.org" } } }`})
	var to []string
	for i := range 2000 {
		to = append(to, fmt.Sprintf("user%d@example.org", i))
	}
	if got := f.put(testMail{to: to, text: "Subject: x\n\ntext\n"}); got.envelope() != "a@example.org -> all@example.org" {
		t.Errorf("got %.200q", got.envelope())
	}
}

func TestSmartAliasRefusesSettings(t *testing.T) {
	wantBadSettings(t, "smart_alias", []badSetting{
		{"none", "aliases", "{}", "aliases is empty"},
		{"no table", "aliases", `{ "a@b.example" }`, "aliases[1] is no table"},
		{"no recipient", "aliases", `{ { from = "a@b.example", new = { "c@d.example" } } }`, "aliases[1]: to is no address"},
		{"a sender that is no text", "aliases", `{ { from = 5, to = "a@b.example", new = { "c@d.example" } } }`, "aliases[1]: from is no text"},
		{"nothing new", "aliases", `{ { to = "a@b.example", new = {} } }`, "aliases[1]: new has no addresses"},
		{"something new that is no address", "aliases", `{ { to = "a@b.example", new = { "c@d.example, e@f.example" } } }`,
			"aliases[1]: c@d.example, e@f.example is no address"},
		{"the same twice", "aliases", `{ { to = "a@b.example", new = { "c@d.example" } }, { to = "A@B.example", new = { "c@d.example" } } }`,
			"aliases[2] has the sender and recipient of another one"},
	})
}
