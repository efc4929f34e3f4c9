package mta

import (
	"slices"
	"strings"

	"luamilter/protocol"
)

// Macros are what the MTA is configured to send, before what it knows by itself: names with or without braces.
type Macros struct {
	Always []string                   // name, value, ...: with every command but HEADER and BODY
	At     map[protocol.Code][]string // name, value, ...: with one command; these go before Always
	// Silent: of what the MTA knows by itself (i, {client_addr}, {mail_addr} ...) nothing is sent.
	Silent bool
}

// of are the macros of a command: the configured ones, and the known ones that they do not name.
func (m *Macros) of(code protocol.Code, known []string) []string {
	macros := slices.Clone(m.At[code])
	if code == protocol.CodeHeader || code == protocol.CodeBody {
		return macros // what was sent with the commands before still holds
	}
	macros = appendMissing(macros, m.Always)
	if !m.Silent {
		macros = appendMissing(macros, known)
	}
	return macros
}

// appendMissing adds the pairs of name and value whose names are not there.
func appendMissing(macros, more []string) []string {
	for i := 0; i+1 < len(more); i += 2 {
		if !hasMacro(macros, more[i]) {
			macros = append(macros, more[i], more[i+1])
		}
	}
	return macros
}

// hasMacro looks for a name among pairs of name and value.
func hasMacro(pairs []string, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if unbraced(pairs[i]) == unbraced(name) {
			return true
		}
	}
	return false
}

func unbraced(name string) string { return strings.Trim(name, "{}") }

// chosen keeps of the macros of a command what the milter wants there, if it sent a list.
func (s *Session) chosen(code protocol.Code, macros []string) []string {
	for stage, wanted := range s.got.Macros {
		if stage.Code() != code {
			continue
		}
		var kept []string
		for i := 0; i+1 < len(macros); i += 2 {
			name := unbraced(macros[i])
			if slices.ContainsFunc(wanted, func(w string) bool { return unbraced(w) == name }) {
				kept = append(kept, macros[i], macros[i+1])
			}
		}
		return kept
	}
	return macros
}
