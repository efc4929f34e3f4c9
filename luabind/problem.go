package luabind

import (
	"fmt"
	"strings"
)

// Problem is one finding about a script.
type Problem struct {
	File    string
	Line    int // 0 where no line is to blame
	Message string
	Rule    string // what it is an instance of: one of the Rule constants
	Name    string // the word of the line that it is about, "" where that is not known
}

// The rules of what loading a script finds. The package lint has more of them.
const (
	RuleLoad             = "load" // running the file fails, or there is no such file
	RuleSyntax           = "syntax"
	RuleUnknownCallback  = "unknown-callback"
	RuleNoCallback       = "no-callback"
	RuleDroppedVerdict   = "dropped-verdict"
	RuleAssignedLocal    = "assigned-local"
	RuleGlobalAssignment = "global-assignment"
)

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// LoadError says why a script does not load: one line "file:line: message" for each problem.
type LoadError struct {
	Problems []Problem
	Files    []File // that were read or looked for: a change of one may mend it
}

func (e *LoadError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func loadError(file string, line int, format string, values ...any) *LoadError {
	return &LoadError{Problems: []Problem{{File: file, Line: line, Message: fmt.Sprintf(format, values...), Rule: RuleLoad}}}
}

// longestNear is the longest name that Nearest looks at: the work grows with its length.
const longestNear = 64

// Nearest is the known name that a mistyped one most likely meant, "" if none is near.
func Nearest(name string, known []string) string {
	if len(name) > longestNear {
		return ""
	}
	best, distance := "", len(name)/2+1
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is how many bytes must be put in, taken out or changed to turn a into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
