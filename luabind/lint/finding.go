package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says what a finding means for the script.
type Severity string

// The severities. An error fails when it is reached, if not before; a warning may be meant as it stands.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing that is wrong with a file.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0 where no line is to blame
	Column   int      `json:"column"` // in bytes, from 1; 0 where no line is to blame
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Rule     string   `json:"rule"` // see Rules
}

// String is "file:line:column: severity: message (rule)", without line and column where no line is to blame.
func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	return fmt.Sprintf("%s: %s: %s (%s)", where, f.Severity, f.Message, f.Rule)
}

// sortFindings puts those of one file in the order of the source, and drops what is told twice.
func sortFindings(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(list)
}
