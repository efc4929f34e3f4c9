package main

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"luamilter/luabind/lint"
	"luamilter/protocol"
)

// mtas are the mail servers that scripts are checked for.
func (c *checker) mtas() []lint.MTA {
	all := lint.MTAs()
	i := slices.IndexFunc(all, func(m lint.MTA) bool { return m.Name == c.flags.mta.value })
	if i < 0 {
		return all
	}
	return all[i : i+1]
}

// address is where the mail server of --mta is to connect; nil without one. Nothing is opened there.
func (c *checker) address() (net.Addr, error) {
	if c.flags.mta.value == "" {
		return nil, nil
	}
	addrs, err := parseListen(c.flags.listen[:min(len(c.flags.listen), 1)])
	if err != nil {
		return nil, err
	}
	switch a := addrs[0]; a.network {
	case "unix":
		return &net.UnixAddr{Name: a.address, Net: "unix"}, nil
	case "fd", "systemd":
		return nil, usageErrorf("--listen: %s does not say where the milter listens; name the address of the socket", a.name)
	default:
		tcp, err := net.ResolveTCPAddr(a.network, a.address)
		if err != nil {
			return nil, usageErrorf("--listen: %w", err)
		}
		if tcp.IP == nil {
			tcp.IP = net.IPv4zero // every address of the machine
		}
		return reachable(tcp), nil
	}
}

// configuration is what the mail server of --mta needs for all the scripts together.
func (c *checker) configuration(addr net.Addr) []string {
	callback, message := time.Duration(c.flags.callbackTimeout), time.Duration(c.flags.messageTimeout)
	comment, lines := "# ", postfixLines(addr, callback, message)
	if c.flags.mta.value == lint.Sendmail.Name {
		comment, lines = "dnl ", []string{sendmailLine(addr, callback, message) + "dnl"}
	}
	if len(c.reads) > 0 {
		lines = append(lines, comment+"macros that are read: "+strings.Join(c.macrosRead(), " "))
	}
	settings := c.macroSettings(c.mtas()[0])
	if len(settings) > 0 {
		lines = append(lines, comment+"some are not sent without these lines; a script can ask for them instead:",
			comment+lint.NegotiateLine(c.asked()))
	}
	return append(lines, settings...)
}

func (c *checker) macrosRead() []string {
	var names []string
	for _, r := range c.reads {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// asked are the macros to ask for, each once.
func (c *checker) asked() map[protocol.Stage][]string {
	for stage, names := range c.ask {
		slices.Sort(names)
		c.ask[stage] = slices.Compact(names)
	}
	return c.ask
}

// macroSettings are the lists of macros that must be longer than the mail server's own.
func (c *checker) macroSettings(mta lint.MTA) (lines []string) {
	for _, stage := range lint.Stages() {
		names := slices.Clone(mta.Sends(stage))
		for _, name := range c.asked()[stage] {
			if mta.Has(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		switch {
		case len(names) == len(mta.Sends(stage)):
		case mta.Name == lint.Sendmail.Name:
			lines = append(lines, fmt.Sprintf("define(`%s', `%s')dnl", mta.Setting(stage), strings.Join(names, ", ")))
		default:
			lines = append(lines, fmt.Sprintf("%s = %s", mta.Setting(stage), strings.Join(names, " ")))
		}
	}
	return lines
}
