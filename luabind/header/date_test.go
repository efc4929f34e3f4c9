package header

import (
	"strings"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"as it should be", "Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"},
		{"no weekday, no seconds", "1 Apr 2024 00:05 +0530", "2024-04-01T00:05:00+05:30"},
		{"folded, with a comment", "Thu,\r\n 13\n Feb 1969 23:32\n -0330 (Newfoundland (old) Time)", "1969-02-13T23:32:00-03:30"},
		{"comments and space between all", "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"},
		{"two digits from 50 on", "21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"},
		{"two digits below 50", "21 Nov 49 09:55:06 GMT", "2049-11-21T09:55:06Z"},
		{"three digits", "21 Nov 101 09:55:06 GMT", "2001-11-21T09:55:06Z"},
		{"an American zone", "21 Nov 97 09:55:06 pdt", "1997-11-21T09:55:06-07:00"},
		{"a military zone says nothing", "21 Nov 97 09:55:06 A", "1997-11-21T09:55:06Z"},
		{"an unknown zone says nothing", "21 Nov 97 09:55:06 CEST", "1997-11-21T09:55:06Z"},
		{"a zone and its name", "21 Nov 97 09:55:06 -0500 EST", "1997-11-21T09:55:06-05:00"},
		{"a zone with a colon", "21 Nov 97 09:55:06 +01:30", "1997-11-21T09:55:06+01:30"},
		{"no zone", "21 Nov 97 09:55:06", "1997-11-21T09:55:06Z"},
		{"a leap second", "31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"},
		{"full names and dashes", "Monday, 01-January-24 10:00:00 GMT", "2024-01-01T10:00:00Z"},
		{"asctime", "Thu Jan  2 03:04:05 2003", "2003-01-02T03:04:05Z"},
		{"asctime with a zone", "Thu Jan  2 03:04:05 EST 2003", "2003-01-02T03:04:05-05:00"},
		{"the wrong weekday", "Mon, 2 Jan 2003 03:04:05 +0000", "2003-01-02T03:04:05Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseDate(tt.value)
			if err != nil || got.Format(time.RFC3339) != tt.want {
				t.Errorf("got %v %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestWrongDates(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"nothing", "", `parse date "": no day`},
		{"a word", "yesterday", "no day"},
		{"a day that is not", "31 Feb 2024 10:00 +0000", "February 2024 has no day 31"},
		{"no month", "1 Foo 2024 10:00 +0000", "no month"},
		{"one digit", "1 Jan 4 10:00 +0000", "year 4 has one digit"},
		{"a year beyond all", "1 Jan 20240 10:00 +0000", "year 20240 is not"},
		{"an hour that is not", "1 Jan 2024 24:00 +0000", "hour 24 is not"},
		{"no time", "1 Jan 2024", "no hour"},
		{"no minutes", "1 Jan 2024 10", "no minutes"},
		{"half a zone", "1 Jan 2024 10:00 +01", "zone is not hhmm"},
		{"minutes of a zone", "1 Jan 2024 10:00 +0160", "zone is not hhmm"},
		{"another format", "2024-01-01T10:00:00Z", "day 2024 is not"},
		{"something behind", "1 Jan 2024 10:00 +0000 5", `"5" behind the date`},
		{"too long", strings.Repeat("(", 2000), "longer than 1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseDate(tt.value); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v %v, want %q", got, err, tt.want)
			}
		})
	}
}
