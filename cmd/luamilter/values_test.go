package main

import (
	"testing"
	"time"
)

func TestByteSizeReadsUnits(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     int64
		shown    string
	}{
		{"zero stays zero", "0", 0, "0"},
		{"bytes have no unit", "1000", 1000, "1000"},
		{"or the unit B", "1000B", 1000, "1000"},
		{"K is 1024", "1K", 1024, "1KiB"},
		{"a lower-case unit is the same", "64m", 64 << 20, "64MiB"},
		{"MB is no power of 1000", "64MB", 64 << 20, "64MiB"},
		{"GiB as it should be written", "2GiB", 2 << 30, "2GiB"},
		{"a blank before the unit", "2 GiB", 2 << 30, "2GiB"},
		{"T is the largest unit", "1T", 1 << 40, "1TiB"},
		{"a size is shown in its largest whole unit", "1536M", 1536 << 20, "1536MiB"},
		{"the most that fits", "8388607T", 8388607 << 40, "8388607TiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got byteSize
			if err := got.Set(c.in); err != nil {
				t.Fatal(err)
			}
			if int64(got) != c.want || got.String() != c.shown {
				t.Errorf("%q: got %d, shown as %s, want %d, shown as %s", c.in, got, &got, c.want, c.shown)
			}
		})
	}
}

func TestFlagValuesRefuse(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(string) error
		in   []string
	}{
		{"a size that is none", new(byteSize).Set,
			[]string{"", "K", "-1", "1.5G", "1X", "1KK", "1iB", "1BK", "0x10", "8388608T", "99999999999999999999"}},
		{"a time that is none, or not above 0", new(timeLimit).Set, []string{"", "8", "0s", "-1s", "soon"}},
		{"a count below the least", (&count{5, 1}).Set, []string{"", "0", "-1", "1.5", "many"}},
		{"a mode that is none", new(fileMode).Set, []string{"", "rw", "0888", "1777", "-1"}},
		{"a word that is not allowed", (&word{"text", []string{"text", "json"}}).Set, []string{"", "TEXT", "xml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range c.in {
				if err := c.set(in); err == nil {
					t.Errorf("%q is taken", in)
				}
			}
		})
	}
}

func TestTimeLimitIsShownShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"8s": 8 * time.Second, "4m": 4 * time.Minute, "2h": 2 * time.Hour, "2h0m10s": 7210 * time.Second, "10m30s": 630 * time.Second,
		"1h10m": 70 * time.Minute, "500ms": 500 * time.Millisecond,
	} {
		limit := timeLimit(d)
		if got := limit.String(); got != want {
			t.Errorf("%d seconds: got %s, want %s", int(d.Seconds()), got, want)
		}
	}
}
