package main

import (
	"net/netip"
	"strings"

	"github.com/spf13/pflag"

	"luamilter/engine/mta"
)

// envelopeFlags say who hands over a mail, and to whom, where the mail itself does not.
type envelopeFlags struct {
	from    string
	hasFrom bool // "" is a sender too
	rcpts   []string
	ip      string
	helo    string
	macros  []string
}

func (f *envelopeFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.from, "from", "", "`ADDRESS` of the sender (default that of Return-Path, or of From)")
	fs.StringArrayVar(&f.rcpts, "rcpt", nil,
		"`ADDRESS` of a recipient; may be given several times (default those of To, or postmaster@localhost)")
	fs.StringVar(&f.ip, "ip", "192.0.2.1", "`ADDRESS` of the SMTP client")
	fs.StringVar(&f.helo, "helo", "", "`NAME` that the SMTP client gives in HELO (default the domain of the sender, or localhost)")
	fs.StringArrayVar(&f.macros, "macro", nil, "macro such as auth_authen=joe, `NAME=VALUE`; may be given several times")
}

// validate is called when the flags are parsed.
func (f *envelopeFlags) validate(fs *pflag.FlagSet) error {
	f.hasFrom = fs.Changed("from")
	if _, err := netip.ParseAddr(f.ip); err != nil {
		return usageErrorf("--ip: %q is no IP address", f.ip)
	}
	for _, m := range f.macros {
		if name, _, ok := strings.Cut(m, "="); !ok || strings.Trim(name, "{}") == "" {
			return usageErrorf("--macro: %q is not NAME=VALUE", m)
		}
	}
	return nil
}

// address gives the mail its envelope.
func (f *envelopeFlags) address(m mta.Mail) mta.Mail {
	m.Sender = m.DefaultSender()
	if f.hasFrom {
		m.Sender = mta.Bare(f.from)
	}
	addresses := f.rcpts
	if len(addresses) == 0 {
		addresses = m.DefaultRecipients()
	}
	for _, a := range addresses {
		m.Recipients = append(m.Recipients, mta.Recipient{Address: mta.Bare(a)})
	}
	return m
}

// connection is the SMTP client that hands over the mail.
func (f *envelopeFlags) connection(m *mta.Mail) mta.Connection {
	c := mta.Connection{
		Address: netip.MustParseAddr(f.ip).Unmap().WithZone("").String(),
		Helo:    f.helo,
		Macros:  mta.Macros{Always: f.macroPairs()},
	}
	if c.Helo == "" {
		_, c.Helo, _ = strings.Cut(m.Sender, "@")
	}
	return c
}

// macroPairs are the --macro flags as name, value, ... ; MTAs put braces around a name of several letters.
func (f *envelopeFlags) macroPairs() []string {
	var pairs []string
	for _, m := range f.macros {
		name, value, _ := strings.Cut(m, "=")
		if name = strings.Trim(name, "{}"); len(name) > 1 {
			name = "{" + name + "}"
		}
		pairs = append(pairs, name, value)
	}
	return pairs
}
