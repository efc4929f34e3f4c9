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
}

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
	return &LoadError{Problems: []Problem{{file, line, fmt.Sprintf(format, values...)}}}
}

// nearest is the known name that a mistyped one most likely meant, "" if none is near.
func nearest(name string, known []string) string {
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
