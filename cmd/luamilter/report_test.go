package main

import "testing"

func TestPrintableLeavesTheTerminalAlone(t *testing.T) {
	if got, want := printable("\x1b[2Jgrün\x7f\u009b\xff"), `\x1b[2Jgrün\x7f\x9b`+"\ufffd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
