package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"luamilter/engine"
)

// word is a flag that takes one of a few words.
type word struct {
	value   string
	allowed []string
}

func (w *word) String() string { return w.value }
func (w *word) Type() string   { return "word" }

func (w *word) Set(s string) error {
	if !slices.Contains(w.allowed, s) {
		return fmt.Errorf("must be one of %s", strings.Join(w.allowed, ", "))
	}
	w.value = s
	return nil
}

// count is a flag that takes a whole number from a least one on.
type count struct{ value, least int }

func (c *count) String() string { return strconv.Itoa(c.value) }
func (c *count) Type() string   { return "count" }

func (c *count) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < c.least {
		return fmt.Errorf("must be a number, %d or more", c.least)
	}
	c.value = n
	return nil
}

// journalSize is a flag that takes a number of messages.
type journalSize struct{ value int }

func (j *journalSize) String() string { return strconv.Itoa(j.value) }
func (j *journalSize) Type() string   { return "count" }

func (j *journalSize) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > engine.MostJournal {
		return fmt.Errorf("must be a number from 0 to %d", engine.MostJournal)
	}
	j.value = n
	return nil
}

// timeLimit is a flag that takes a time above 0, with units: 500ms, 8s, 4m, 1h30m.
type timeLimit time.Duration

func (t *timeLimit) Type() string { return "time" }

// String leaves out the units of which there are none.
func (t *timeLimit) String() string {
	s := time.Duration(*t).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (t *timeLimit) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return errors.New("must be a time above 0 such as 500ms, 8s or 4m")
	}
	*t = timeLimit(d)
	return nil
}

// byteSize is a flag that takes a number of bytes, with or without a unit: 1048576, 1024K, 1M, 1MiB.
type byteSize int64

// sizeUnits are powers of 1024, under all the names that people write.
const sizeUnits = "KMGT"

func (b *byteSize) Type() string { return "size" }

// String uses the largest unit that leaves no fraction.
func (b *byteSize) String() string {
	n, unit := int64(*b), ""
	for i := 0; i < len(sizeUnits) && n != 0 && n%1024 == 0; i++ {
		n /= 1024
		unit = sizeUnits[i:i+1] + "iB"
	}
	return strconv.FormatInt(n, 10) + unit
}

func (b *byteSize) Set(s string) error {
	digits := strings.TrimRight(s, "KMGTkmgtIiBb ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return errors.New("must be a number of bytes such as 1048576, 512K, 64M or 2GiB")
	}
	unit := strings.ToUpper(strings.TrimSpace(s[len(digits):]))
	power, ok := powerOf(unit)
	if !ok {
		return fmt.Errorf("has the unit %q; there are K, M, G and T", unit)
	}
	for range power {
		if n > math.MaxInt64/1024 {
			return errors.New("is too large")
		}
		n *= 1024
	}
	*b = byteSize(n)
	return nil
}

// powerOf is the power of 1024 that a unit in upper case stands for.
func powerOf(unit string) (power int, ok bool) {
	if unit == "" || unit == "B" {
		return 0, true
	}
	power = strings.Index(sizeUnits, unit[:1])
	rest := unit[1:]
	return power + 1, power >= 0 && (rest == "" || rest == "B" || rest == "IB")
}

// percentage is a flag that takes a number from 0 to 100.
type percentage struct {
	value float64
	given bool
}

func (p *percentage) Type() string { return "percent" }

func (p *percentage) String() string {
	if !p.given {
		return ""
	}
	return strconv.FormatFloat(p.value, 'f', -1, 64) + " %"
}

func (p *percentage) Set(s string) error {
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(s, "%")), 64)
	if err != nil || !(n >= 0 && n <= 100) {
		return errors.New("must be a number from 0 to 100")
	}
	p.value, p.given = n, true
	return nil
}

// fileMode is a flag that takes permission bits in octal.
type fileMode fs.FileMode

func (m *fileMode) String() string { return fmt.Sprintf("%04o", uint32(*m)) }
func (m *fileMode) Type() string   { return "mode" }

func (m *fileMode) Set(s string) error {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 0o777 {
		return errors.New("must be permissions in octal such as 0660")
	}
	*m = fileMode(n)
	return nil
}
