package main

import "testing"

func TestZombie(t *testing.T) {
	f := newFilter(t, "zombie", map[string]string{
		"internal_connect": `{ "192.168.0.*", "2001:db8::/32", "127.0.0.0/8", "*.corp.example" }`,
		"internal_domains": `{ "example.org", "*.example.org", "xn--bcher-kva.example" }`,
		"trusted_relay":    `{ "192.168.0.25", "relay.corp.example" }`,
	})
	const (
		passes  = "accept, unchanged"
		refused = "reject at mail: 550-5.7.1 Your PC is using an unauthorized MAIL FROM.\n" +
			"    550 5.7.1 It is either badly misconfigured or controlled by organized crime."
	)
	for _, c := range []struct {
		name     string
		ip, host string
		sender   string
		want     string
	}{
		{"an internal client as anybody", "192.168.0.66", "", "x@bank.example", refused},
		{"IPv6", "2001:db8::66", "", "x@bank.example", refused},
		{"by host name", "203.0.113.66", "PC66.corp.example", "x@bank.example", refused},
		{"as an internal domain", "192.168.0.66", "", "x@Example.org", passes},
		{"as a domain below", "192.168.0.66", "", "x@a.b.example.org", passes},
		{"as a domain that ends the same way", "192.168.0.66", "", "x@evil-example.org", refused},
		{"as an international domain", "192.168.0.66", "", "x@bücher.example", passes},
		{"with a dot at the end", "192.168.0.66", "", "x@example.org.", passes},
		{"an internal domain in the local part", "192.168.0.66", "", `"x@example.org"@bank.example`, refused},
		{"an internal domain as a source route", "192.168.0.66", "", "@example.org:x@bank.example", refused},
		{"an address for a domain", "192.168.0.66", "", "x@[192.168.0.66]", refused},
		{"an empty domain", "192.168.0.66", "", "x@", refused},
		{"no domain", "192.168.0.66", "", "root", passes},
		{"a bounce", "192.168.0.66", "", "<>", passes},
		{"a trusted relay", "192.168.0.25", "", "x@bank.example", passes},
		{"a trusted relay by name", "203.0.113.25", "relay.corp.example", "x@bank.example", passes},
		{"this machine, though it is listed", "127.0.0.1", "localhost", "x@bank.example", passes},
		{"from outside", "203.0.113.66", "", "x@bank.example", passes},
		{"from outside, a name that ends the same way", "203.0.113.66", "evilcorp.example", "x@bank.example", passes},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := testMail{ip: c.ip, hostname: c.host, from: c.sender, text: "Subject: x\n\ntext\n"}
			f.put(m).wants(t, c.want)
			m.macros = []string{"{auth_authen}", "joe"}
			f.put(m).wants(t, passes)
		})
	}
	f.wantLog("REJECT: zombie PC at 192.168.0.66 sending MAIL FROM x@bank.example")
}

func TestZombieRefusesSettings(t *testing.T) {
	wantBadSettings(t, "zombie", []badSetting{
		{"no internal domains", "internal_domains", "{}", "internal_domains is empty"},
		{"a broken range", "internal_connect", `{ "10.0.0.1/8" }`, `"10.0.0.1/8"`},
	})
}
