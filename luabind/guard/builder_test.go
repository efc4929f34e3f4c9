package guard

import (
	"strings"
	"testing"
)

func TestNoStringIsLongerThanTheLimit(t *testing.T) {
	for name, script := range map[string]string{
		"rep":             `local s = ("x"):rep(64 * 1024 * 1024 + 1)`,
		"concatenation":   `local s = ("x"):rep(40 * 1024 * 1024) s = s .. s`,
		"quoting":         `local s = ("%q"):format(("\0"):rep(20 * 1024 * 1024))`,
		"quoting in part": `local s = ("%q"):format(("x"):rep(33 * 1024 * 1024) .. ("\0"):rep(10 * 1024 * 1024))`,
		"gsub":            `local s = ("x"):rep(1024 * 1024):gsub("x", ("y"):rep(100))`,
		"table.concat":    `local t = {} for i = 1, 100 do t[i] = ("x"):rep(1024 * 1024) end local s = table.concat(t)`,
	} {
		t.Run(name, func(t *testing.T) {
			L := NewState(Options{})
			defer L.Close()
			err := Run(L, mustCompile(t, script), 0)
			if want := "resulting string too large (at most 64 MiB)"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
