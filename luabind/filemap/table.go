// Package filemap is the module that a script gets from require "map": tables of keys and values in files.
package filemap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gaissmai/bart"

	"luamilter/luabind/netmatch"
)

// Kind is how a table finds keys.
type Kind string

// The kinds of tables.
const (
	KindText   Kind = "text"   // the key itself
	KindCIDR   Kind = "cidr"   // the smallest range that has the address
	KindRegexp Kind = "regexp" // the first pattern that matches
	KindGlob   Kind = "glob"   // the same
)

// Options are how a file is read.
type Options struct {
	Kind       Kind
	Separator  string // between key and value; "" is white space
	IgnoreCase bool   // of ASCII letters; in a regexp table the flag i turns it round
}

// id tells options apart.
func (o Options) id() string { return fmt.Sprintf("%s %q %v", o.Kind, o.Separator, o.IgnoreCase) }

// Table is what was read from a file. It does not change, and is safe for concurrent use.
type Table struct {
	options  Options
	keys     map[string]string
	ranges   bart.Table[pair]
	patterns []pattern
	size     int
}

// pair is an entry: its key as it was written, and its value.
type pair struct{ key, value string }

// pattern is an entry of a regexp or glob table.
type pattern struct {
	pair
	glob   string
	expr   *regexp.Regexp // instead of glob
	negate bool
	parts  []part // of the value, nil if it has none from the key
}

// Parse reads a table. Of entries with the same key the first counts, as with postmap.
func (o Options) Parse(path string, data []byte) (*Table, error) {
	t := &Table{options: o, keys: map[string]string{}}
	add := map[Kind]func(string) error{
		KindText: t.addText, KindCIDR: t.addRange, KindRegexp: t.addRegexp, KindGlob: t.addGlob,
	}[o.Kind]
	if err := logicalLines(path, data, add); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Table) addText(line string) error {
	key, value, err := splitKey(line, t.options.Separator)
	if err != nil {
		return err
	}
	key = t.fold(key)
	if _, double := t.keys[key]; !double {
		t.keys[key] = value
		t.size++
	}
	return nil
}

func (t *Table) addRange(line string) error {
	key, value, err := splitKey(line, t.options.Separator)
	if err != nil {
		return err
	}
	if err := unknownWord(key); err != nil {
		return err
	}
	p, err := netmatch.Prefix(key)
	if err != nil {
		return err
	}
	if _, double := t.ranges.Get(p); !double {
		t.ranges.Insert(p, pair{key, value})
		t.size++
	}
	return nil
}

func (t *Table) addGlob(line string) error {
	key, value, err := splitKey(line, t.options.Separator)
	if err != nil {
		return err
	}
	t.patterns = append(t.patterns, pattern{pair: pair{key, value}, glob: t.fold(key)})
	t.size++
	return nil
}

// unknownWord refuses what Postfix knows and this does not, rather than to take it for something else.
func unknownWord(key string) error {
	if key == "if" || key == "endif" {
		return fmt.Errorf("%q is not known here", key)
	}
	return nil
}

func (t *Table) fold(key string) string {
	if t.options.IgnoreCase {
		return netmatch.Lower(key)
	}
	return key
}

// mostKey is the longest key that is matched with patterns, in bytes: a match cannot be interrupted.
const mostKey = 128 << 10

var errLongKey = errors.New("the key is too long: more than 128 KiB")

// Costs are told what a lookup takes next: steps of about 50 ns, and bytes of memory. Both may panic.
type Costs struct{ Work, Memory func(n int) }

// Found is what a lookup gives.
type Found struct {
	OK    bool
	Value string
	Entry string // the key, range or pattern
}

// Get looks a key up. The error says that the key is too long.
func (t *Table) Get(key string, c Costs) (Found, error) {
	switch t.options.Kind {
	case KindText:
		c.Work(len(key) / 16)
		c.Memory(len(key))
		key = t.fold(key)
		value, ok := t.keys[key]
		return Found{ok, value, key}, nil
	case KindCIDR:
		if a, ok := netmatch.Address(key); ok {
			p, ok := t.ranges.Lookup(a)
			return Found{ok, p.value, p.key}, nil
		}
		return Found{}, nil
	}
	if len(key) > mostKey {
		return Found{}, errLongKey
	}
	for i := range t.patterns {
		p := &t.patterns[i]
		c.Work(len(key) + 4)
		if value, ok := p.match(key, t, c); ok {
			return Found{true, value, p.key}, nil
		}
	}
	return Found{}, nil
}

// match says whether the pattern matches, and gives the value with what it takes from the key.
func (p *pattern) match(key string, t *Table, c Costs) (value string, ok bool) {
	if p.expr == nil {
		return p.value, netmatch.Glob(p.glob, t.fold(key))
	}
	if p.parts == nil {
		return p.value, p.expr.MatchString(key) != p.negate
	}
	found := p.expr.FindStringSubmatchIndex(key)
	if found == nil {
		return "", false
	}
	return expand(p.parts, key, found, c), true
}

// mostAddress is the longest address that is looked up (bytes); RFC 5321 section 4.5.3.1 allows 320.
const mostAddress = 1000

var errLongAddress = errors.New("the address, or the prefix, is too long: more than 1000 bytes")

// LookupAddress looks for an address as sendmail's access file does: the address, its domain, each parent of that with a dot
// before it, "". With a prefix these stand behind "prefix:", and the prefix alone comes last.
func (t *Table) LookupAddress(address, prefix string, c Costs) (Found, error) {
	if len(address) > mostAddress || len(prefix) > mostAddress {
		return Found{}, errLongAddress
	}
	for _, key := range addressKeys(address, prefix) {
		if f, err := t.Get(key, c); f.OK || err != nil {
			return f, err
		}
	}
	return Found{}, nil
}

func addressKeys(address, prefix string) []string {
	address = strings.TrimSuffix(strings.TrimPrefix(address, "<"), ">")
	var keys []string
	add := func(key string) {
		if key != "" {
			keys = append(keys, key)
		}
	}
	add(address)
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		domain := strings.TrimSuffix(address[at+1:], ".")
		add(domain)
		for !strings.HasPrefix(domain, "[") { // an address in brackets has no parents
			_, parent, ok := strings.Cut(domain, ".")
			if !ok {
				break
			}
			keys = append(keys, "."+parent)
			domain = parent
		}
	}
	keys = append(keys, "")
	if prefix != "" {
		for i := range keys {
			keys[i] = prefix + ":" + keys[i]
		}
		keys = append(keys, prefix)
	}
	return keys
}
