package main

import (
	"runtime/debug"
	"testing"
)

func TestGOGCIsTheOperatorsChoice(t *testing.T) {
	before := debug.SetGCPercent(40)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	t.Setenv("GOGC", "40")
	tuneGC()
	if got := debug.SetGCPercent(40); got != 40 {
		t.Errorf("got %d after GOGC=40", got)
	}
}
