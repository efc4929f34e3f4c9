package header

import (
	"fmt"
	"strings"
	"time"
)

// longestDate is far above any date; what is longer is none.
const longestDate = 1000

// ParseDate reads a date (RFC 5322 3.3 and 4.3): also with comments, without weekday or seconds, with years of two or
// three digits, with zone names, as asctime writes it, and without a zone, which is taken as UTC, as is a zone name that
// RFC 5322 does not define. The weekday is not compared. The error names the value and what is wrong.
func ParseDate(value string) (time.Time, error) {
	if len(value) > longestDate {
		return time.Time{}, fmt.Errorf("parse date %.100q: longer than %d bytes", value, longestDate)
	}
	p := dateParser{rest: dateTokens(value)}
	t, err := p.parse()
	if err != nil {
		return time.Time{}, fmt.Errorf("parse date %.100q: %w", value, err)
	}
	return t, nil
}

// dateTokens splits into numbers, words and single signs; white space, commas and comments are dropped.
func dateTokens(s string) (tokens []string) {
	for i := 0; i < len(s); {
		start, c := i, s[i]
		switch {
		case c == '(':
			end := commentEnd(s, i)
			if end < 0 {
				return tokens // a comment without its end holds the rest
			}
			i = end
			continue
		case strings.IndexByte(" \t\r\n,", c) >= 0:
			i++
			continue
		case isDigit(c):
			for i < len(s) && isDigit(s[i]) {
				i++
			}
		case isLetter(c):
			for i < len(s) && isLetter(s[i]) {
				i++
			}
		default:
			i++
		}
		tokens = append(tokens, s[start:i])
	}
	return tokens
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// dateParser takes one token after the other.
type dateParser struct {
	rest              []string
	year, day         int
	month             time.Month
	hour, min, second int
	offset            int // seconds east of UTC
}

func (p *dateParser) parse() (time.Time, error) {
	if t := p.peek(); t != "" && isLetter(t[0]) && monthOf(t) == 0 {
		p.take() // the weekday
		p.accept(".")
	}
	steps := []func() error{p.takeDay, p.takeMonth, p.takeYear, p.takeTime, p.takeZone}
	if t := p.peek(); t != "" && isLetter(t[0]) {
		steps = []func() error{p.takeMonth, p.takeDay, p.takeTime, p.takeZone, p.takeYear} // asctime
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return time.Time{}, err
		}
	}
	for _, t := range p.rest {
		if !isLetter(t[0]) { // the name of the zone may come a second time
			return time.Time{}, fmt.Errorf("%q behind the date", t)
		}
	}
	t := time.Date(p.year, p.month, p.day, p.hour, p.min, p.second, 0, time.FixedZone("", p.offset))
	if last := time.Date(p.year, p.month+1, 0, 0, 0, 0, 0, time.UTC).Day(); p.day > last {
		return time.Time{}, fmt.Errorf("%s %d has no day %d", p.month, p.year, p.day)
	}
	return t, nil
}

func (p *dateParser) peek() string {
	if len(p.rest) == 0 {
		return ""
	}
	return p.rest[0]
}

func (p *dateParser) take() string {
	t := p.peek()
	if t != "" {
		p.rest = p.rest[1:]
	}
	return t
}

func (p *dateParser) accept(t string) bool {
	if p.peek() != t {
		return false
	}
	p.take()
	return true
}

// number takes a number of at most so many digits, from low to high.
func (p *dateParser) number(what string, digits, low, high int) (n, width int, err error) {
	t := p.take()
	if t == "" || !isDigit(t[0]) {
		return 0, 0, fmt.Errorf("no %s", what)
	}
	if len(t) <= digits {
		for i := range len(t) {
			n = n*10 + int(t[i]-'0')
		}
	}
	if len(t) > digits || n < low || n > high {
		return 0, 0, fmt.Errorf("%s %s is not from %d to %d", what, t, low, high)
	}
	return n, len(t), nil
}

func (p *dateParser) takeDay() (err error) {
	p.day, _, err = p.number("day", 2, 1, 31)
	p.accept("-")
	return err
}

func (p *dateParser) takeMonth() error {
	t := p.take()
	if p.month = monthOf(t); p.month == 0 {
		return fmt.Errorf("no month")
	}
	p.accept(".")
	p.accept("-")
	return nil
}

// monthOf knows the short names and the full ones; 0 is none.
func monthOf(s string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(s, m.String()) || strings.EqualFold(s, m.String()[:3]) {
			return m
		}
	}
	return 0
}

// takeYear reads years of two and three digits as RFC 5322 4.3 says.
func (p *dateParser) takeYear() error {
	n, width, err := p.number("year", 4, 0, 9999)
	switch {
	case width == 2 && n < 50:
		n += 2000
	case width == 2 || width == 3:
		n += 1900
	case width == 1:
		return fmt.Errorf("year %d has one digit", n)
	}
	p.year = n
	return err
}

func (p *dateParser) takeTime() (err error) {
	if p.hour, _, err = p.number("hour", 2, 0, 23); err != nil {
		return err
	}
	if !p.accept(":") && !p.accept(".") {
		return fmt.Errorf("no minutes")
	}
	if p.min, _, err = p.number("minute", 2, 0, 59); err != nil {
		return err
	}
	if p.accept(":") || p.accept(".") {
		p.second, _, err = p.number("second", 2, 0, 60)
	}
	return err
}

func (p *dateParser) takeZone() error {
	t := p.peek()
	switch {
	case t == "+" || t == "-":
		p.take()
		return p.takeOffset(t == "-")
	case t != "" && isLetter(t[0]):
		p.take()
		p.offset = zoneOf(t) * 3600
	}
	return nil
}

// takeOffset reads hhmm, also hh:mm.
func (p *dateParser) takeOffset(west bool) error {
	n, width, err := p.number("zone", 4, 0, 9959)
	if err != nil {
		return err
	}
	minutes := n % 100
	hours := n / 100
	if width == 2 && p.accept(":") {
		hours = n
		if minutes, _, err = p.number("zone", 2, 0, 59); err != nil {
			return err
		}
	} else if width != 4 || minutes > 59 {
		return fmt.Errorf("zone is not hhmm")
	}
	p.offset = hours*3600 + minutes*60
	if west {
		p.offset = -p.offset
	}
	return nil
}

// zoneOf gives the hours of the zone names of RFC 5322 4.3; any other, also the military letters, says nothing: 0.
func zoneOf(name string) int {
	switch strings.ToUpper(name) {
	case "EDT":
		return -4
	case "EST", "CDT":
		return -5
	case "CST", "MDT":
		return -6
	case "MST", "PDT":
		return -7
	case "PST":
		return -8
	}
	return 0
}
