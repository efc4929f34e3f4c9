// Package header reads and writes the values of header fields: encoded words (RFC 2047), folding (RFC 5322 2.2.3),
// parameters (RFC 2045, RFC 2231), dates, and charsets; and is the Lua module of that name. Reading never fails: what
// can be read is given, and the rest is named as defects. It takes time linear in the input.
package header

import "slices"

// mostDefects is enough for a person to see what is wrong; a hostile value could have one for each byte.
const mostDefects = 32

// Defects collects what is wrong with a value: each text once, and at most 32 of them. The zero value is ready.
type Defects struct{ list []string }

// Add notes a defect.
func (d *Defects) Add(texts ...string) {
	for _, text := range texts {
		if len(d.list) < mostDefects && !slices.Contains(d.list, text) {
			d.list = append(d.list, text)
		}
	}
}

// List gives the defects in the order they were found; nil if there are none.
func (d *Defects) List() []string { return d.list }
