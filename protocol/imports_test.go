package protocol

import (
	"os/exec"
	"strings"
	"testing"
)

func TestPackageImportsOnlyTheStandardLibrary(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "imports", strings.Fields(string(out)), []string{"luamilter/protocol"})
}
