package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestWhatIsPrintedOnAFullDiskIsAFailure(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	t.Chdir("../../testdata")
	const script = "../scripts/hello.lua"
	for _, args := range [][]string{
		{"check", script},
		{"check", "--format", "json", script},
		{"check", "--explain", "list"},
		{"completion", "bash"},
		{"docs", "reject"},
		{"help"},
		{"man"},
		{"replay", "--script", script, "mail/plain.eml"},
		{"replay", "--script", script, "mail/plain.eml", "mail/two_recipients.eml"},
		{"test", "../scripts/hello_test.lua"},
		{"version"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var errOut bytes.Buffer
			if got := luamilter(args, full, &errOut); got != exitFailed || !strings.Contains(errOut.String(), "no space left on device") {
				t.Errorf("got exit code %d and %q", got, errOut.String())
			}
		})
	}
}
