// Package ipset is the module that a script gets from require "ipset": sets of addresses, address ranges and host names.
package ipset

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"

	"luamilter/luabind/netmatch"
)

// Set is a set of clients. It is built by add and not changed after that, and then safe for concurrent use.
type Set struct {
	ranges   bart.Table[*item]
	globs    []*item          // of IPv4 addresses, in order; those that end in .* are ranges
	hosts    map[string]*item // by name
	suffixes map[string]*item // of *.example.net: by .example.net
	patterns []*item          // other globs of host names, in order
	size     int
}

// item is an entry of a set.
type item struct {
	entry string // as it was written
	match string // a glob, in lower case
	value string // what stands behind it in a file
}

func newSet() *Set { return &Set{hosts: map[string]*item{}, suffixes: map[string]*item{}} }

// parse reads a file of entries, one per line, each with an optional value behind white space; # begins a comment at the
// beginning of a line and behind white space.
func parse(path string, data []byte) (*Set, error) {
	s := newSet()
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for number := 1; len(data) > 0; number++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		text := uncomment(string(line))
		if text == "" {
			continue
		}
		entry, value := text, ""
		if i := strings.IndexAny(text, " \t"); i >= 0 {
			entry, value = text[:i], strings.TrimSpace(text[i:])
		}
		if err := s.add(entry, value); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
	return s, nil
}

func uncomment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
			break
		}
	}
	return strings.TrimSpace(line)
}

// add adds an entry, of which the first stays if there are several alike. The error names the entry.
func (s *Set) add(entry, value string) error {
	it := &item{entry: entry, match: netmatch.Lower(entry), value: value}
	switch {
	case strings.ContainsAny(entry, "/:[]"):
		return s.addRange(it)
	case strings.Trim(entry, "0123456789.*?") != "":
		return s.addHost(it)
	case strings.ContainsAny(entry, "*?"):
		return s.addGlob(it)
	}
	return s.addRange(it)
}

func (s *Set) addRange(it *item) error {
	p, err := netmatch.Prefix(it.entry)
	if err != nil {
		return err
	}
	s.insert(p, it)
	return nil
}

func (s *Set) insert(p netip.Prefix, it *item) {
	if _, double := s.ranges.Get(p); !double {
		s.ranges.Insert(p, it)
		s.size++
	}
}

// octets is how many parts an IPv4 address has.
const octets = 4

// addGlob adds a glob of IPv4 addresses. 192.168.0.* and 10.* are ranges.
func (s *Set) addGlob(it *item) error {
	if strings.Trim(it.entry, "*?.") == "" {
		return fmt.Errorf("%q: it matches everything; write 0.0.0.0/0, and ::/0 for IPv6", it.entry)
	}
	parts := strings.Split(it.entry, ".")
	fixed := 0
	for i, part := range parts {
		wild := strings.ContainsAny(part, "*?")
		switch {
		case part == "":
			return fmt.Errorf("%q: a number is missing beside a dot", it.entry)
		case !wild && fixed == i:
			fixed++
		}
	}
	tail := parts[fixed:]
	if len(parts) > octets || len(parts) < octets && parts[len(parts)-1] != "*" {
		return fmt.Errorf("%q: an IPv4 address has 4 numbers", it.entry)
	}
	if strings.Trim(strings.Join(tail, ""), "*") != "" || len(strings.Join(tail, "")) != len(tail) {
		s.globs = append(s.globs, it)
		s.size++
		return nil
	}
	base := strings.Join(parts[:fixed], ".") + strings.Repeat(".0", octets-fixed)
	p, err := netmatch.Prefix(fmt.Sprint(base, "/", 8*fixed))
	if err != nil {
		return fmt.Errorf("%q: no IPv4 address", it.entry)
	}
	s.insert(p, it)
	return nil
}

// addHost adds a host name or a glob of them; .example.net is *.example.net, as Postfix writes it.
func (s *Set) addHost(it *item) error {
	for _, c := range it.match {
		switch {
		case c >= 0x80:
			return fmt.Errorf("%.80q: %q is no letter of a host name; write the xn-- form", it.entry, c)
		case !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.*?", c):
			return fmt.Errorf("%.80q: no address and no host name: it has %q", it.entry, c)
		}
	}
	it.match = strings.TrimSuffix(it.match, ".")
	if strings.HasPrefix(it.match, ".") {
		it.match = "*" + it.match
	}
	in, key := s.hosts, it.match
	if strings.ContainsAny(key, "*?") {
		in, key = s.suffixes, strings.TrimPrefix(key, "*")
		if strings.ContainsAny(key, "*?") || !strings.HasPrefix(key, ".") {
			s.patterns = append(s.patterns, it)
			s.size++
			return nil
		}
	}
	if in[key] == nil {
		in[key] = it
		s.size++
	}
	return nil
}

// mostHost is the longest host name (RFC 1035 section 2.3.4).
const mostHost = 255

// find gives the entry that an address or a host name matches: the longest range, then globs of addresses, the name, its
// longest ending, other globs; in the order they were written where nothing else decides. What is no address matches none.
func (s *Set) find(address, host string) *item {
	if a, ok := netmatch.Address(address); ok {
		if it, ok := s.ranges.Lookup(a); ok {
			return it
		}
		if a.Is4() {
			if it := firstGlob(s.globs, a.String()); it != nil {
				return it
			}
		}
	}
	if len(host) > mostHost+1 {
		return nil
	}
	host = strings.TrimSuffix(netmatch.Lower(host), ".")
	if host == "" {
		return nil
	}
	if it := s.hosts[host]; it != nil {
		return it
	}
	for i := range len(host) {
		if host[i] == '.' && i > 0 {
			if it := s.suffixes[host[i:]]; it != nil {
				return it
			}
		}
	}
	return firstGlob(s.patterns, host)
}

func firstGlob(globs []*item, text string) *item {
	for _, it := range globs {
		if netmatch.Glob(it.match, text) {
			return it
		}
	}
	return nil
}
