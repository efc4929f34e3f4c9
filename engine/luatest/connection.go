package luatest

import (
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/engine/mta"
	"luamilter/luabind"
	"luamilter/protocol"
)

// connectionOptions are those of t.session, and of t.send besides its own.
var connectionOptions = []string{"ip", "hostname", "family", "port", "helo", "macros", "offer"}

// defaultHelo is what the SMTP client calls itself: "localhost" is what filters refuse.
const defaultHelo = "client.example"

// connection reads the options of an SMTP connection.
func (o options) connection() mta.Connection {
	c := mta.Connection{
		Hostname: o.text("hostname", ""),
		Address:  o.text("ip", ""),
		Port:     uint16(o.integer("port", math.MaxUint16)),
		Helo:     defaultHelo,
		NoHelo:   o.get("helo") == lua.LFalse,
		Macros:   o.macros(),
		Offer:    o.offer(),
	}
	if o.has("helo") && !c.NoHelo {
		c.Helo = o.text("helo", "")
	}
	if name := o.text("family", ""); name != "" {
		for _, f := range []protocol.Family{protocol.FamilyInet, protocol.FamilyInet6, protocol.FamilyUnix, protocol.FamilyUnknown} {
			if f.String() == name {
				c.Family = f
			}
		}
		if c.Family == 0 {
			o.fail("family", "inet, inet6, unix or unknown expected, got %q", shorten(name))
		}
	}
	return c
}

// macroStages are the commands with which an MTA sends macros.
var macroStages = map[string]protocol.Code{
	"connect": protocol.CodeConnect, "helo": protocol.CodeHelo, "mail": protocol.CodeMail, "rcpt": protocol.CodeRcpt,
	"data": protocol.CodeData, "header": protocol.CodeHeader, "eoh": protocol.CodeEOH, "body": protocol.CodeBody,
	"eom": protocol.CodeEOM, "unknown": protocol.CodeUnknown,
}

// macros are {name = value}, sent with every command, and {stage = {name = value}}.
func (o options) macros() mta.Macros {
	m := mta.Macros{At: map[protocol.Code][]string{}}
	if !o.has("macros") {
		return m
	}
	t, ok := o.get("macros").(*lua.LTable)
	if !ok {
		o.fail("macros", "a table expected, got %s", o.get("macros").Type())
	}
	always := o.args.L.NewTable()
	t.ForEach(func(k, v lua.LValue) {
		stage, ok := v.(*lua.LTable)
		if !ok {
			always.RawSet(k, v)
			return
		}
		code, known := macroStages[k.String()]
		if !known {
			o.fail("macros", "%q is no stage; there are connect, helo, mail, rcpt, data, header, eoh, body, eom and unknown", shorten(k.String()))
		}
		m.At[code] = o.macroPairs(stage)
	})
	m.Always = o.macroPairs(always)
	return m
}

// macroPairs are name, value, ... with braces around a name of several letters.
func (o options) macroPairs(t *lua.LTable) []string {
	var pairs []string
	for _, p := range o.pairs("macros", t) {
		name := strings.Trim(p[0], "{}")
		if name == "" || strings.ContainsAny(name+p[1], "\x00") {
			o.fail("macros", "%q can't be sent", shorten(p[0]))
		}
		if len(name) > 1 {
			name = "{" + name + "}"
		}
		pairs = append(pairs, name, p[1])
	}
	return pairs
}

// offer is what the MTA offers: everything but what the option takes away.
func (o options) offer() protocol.Offer {
	offer := mta.FullOffer()
	if !o.has("offer") {
		return offer
	}
	t, ok := o.get("offer").(*lua.LTable)
	if !ok {
		o.fail("offer", "a table expected, got %s", o.get("offer").Type())
	}
	in := options{luabind.Args{L: o.args.L, Name: o.args.Name + ": offer"}, t}
	t.ForEach(func(k, _ lua.LValue) {
		if !slices.Contains([]string{"version", "actions", "steps", "without"}, k.String()) {
			o.fail("offer", "there is no %s; there are version, actions, steps and without", shorten(k.String()))
		}
	})
	if in.has("version") {
		offer.Version = uint32(in.integer("version", int(protocol.Version)))
		if offer.Version < protocol.MinVersion {
			in.fail("version", "%d to %d expected", protocol.MinVersion, protocol.Version)
		}
	}
	if in.has("actions") {
		offer.Actions, _ = in.bits("actions")
	}
	if in.has("steps") {
		_, offer.Steps = in.bits("steps")
	}
	actions, steps := in.bits("without")
	offer.Actions &^= actions
	offer.Steps &^= steps
	return offer
}

// bits are the actions and steps that a list names as libmilter does.
func (o options) bits(name string) (actions protocol.Action, steps protocol.Step) {
	for _, v := range o.list(name) {
		text := o.textOf(name, v)
		known := false
		for _, n := range protocol.ActionNames() {
			if n.Name == text && name != "steps" {
				actions, known = actions|n.Bit, true
			}
		}
		for _, n := range protocol.StepNames() {
			if n.Name == text && name != "actions" {
				steps, known = steps|n.Bit, true
			}
		}
		if !known {
			o.fail(name, "%q is not known; the names are those of libmilter, such as SMFIF_ADDHDRS and SMFIP_SKIP", shorten(text))
		}
	}
	return actions, steps
}
