package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMiltertest has OpenDKIM's miltertest(8), a milter client that nobody of this project wrote, run each script
// of testdata/miltertest against a filter of testdata/lua/e2e. The head of a script says what else to look at:
//
//	-- filter: NAME      the filter
//	-- output: TEXT      stands in what miltertest -vv prints
//	-- log: TEXT         stands in luamilter's log
func TestMiltertest(t *testing.T) {
	program := tool(t, "miltertest", "miltertest")
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "miltertest"))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(dir, "*.lua"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s (%v)", dir, err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".lua"), func(t *testing.T) {
			head := readHead(t, script)
			if len(head["filter"]) != 1 {
				t.Fatal("the script has to name one filter")
			}
			socket := "unix:" + filepath.Join(shortTempDir(t), "s")
			m := startMilter(t, socket, "--script", filterPath(t, head["filter"][0]))
			cmd := exec.Command(program, "-vv", "-D", "socket="+socket, "-D", "script="+script, "-s", filepath.Join(dir, "lib", "run.lua"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("miltertest: %v\n%s", err, tail(string(out), 4<<10))
			}
			for _, want := range head["output"] {
				if !strings.Contains(string(out), want+"\n") {
					t.Errorf("miltertest printed no %q:\n%s", want, tail(string(out), 16<<10))
				}
			}
			for _, want := range head["log"] {
				wantLog(t, m, want)
			}
		})
	}
}

// readHead reads the `-- key: value` lines at the top of a script.
func readHead(t *testing.T, script string) map[string][]string {
	t.Helper()
	src, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	head := map[string][]string{}
	for line := range strings.Lines(string(src)) {
		comment, ok := strings.CutPrefix(line, "-- ")
		if !ok {
			break
		}
		if key, value, ok := strings.Cut(comment, ": "); ok {
			head[key] = append(head[key], strings.TrimSpace(value))
		}
	}
	return head
}
