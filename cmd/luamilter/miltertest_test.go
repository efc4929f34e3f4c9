package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMiltertest has OpenDKIM's miltertest(8), a milter client that nobody of this project wrote, run each script
// of testdata/miltertest against a filter of testdata/lua/e2e; and then our own. The head of a script says what else to
// look at:
//
//	-- filter: NAME      the filter
//	-- output: TEXT      ends a line of what the client prints of the frames
//	-- log: TEXT         stands in luamilter's log
func TestMiltertest(t *testing.T) {
	for _, script := range miltertestScripts(t, "") {
		t.Run(scriptName(script), func(t *testing.T) {
			head := readHead(t, script)
			if len(head["filter"]) != 1 {
				t.Fatal("the script has to name one filter")
			}
			filter := filterPath(t, head["filter"][0])
			socket := "unix:" + filepath.Join(shortTempDir(t), "s")
			m := startMilter(t, socket, "--script", filter)
			defines := []string{"-D", "socket=" + socket, "-D", "script=" + script}
			suite := filepath.Join(filepath.Dir(script), "lib", "run.lua")
			t.Run("by OpenDKIM", func(t *testing.T) {
				out := passes(t, tool(t, "miltertest", "miltertest"), slices.Concat([]string{"-vv", "-s", suite}, defines)...)
				wantOutput(t, head["output"], out)
				for _, want := range head["log"] {
					wantLog(t, m, want)
				}
			})
			ours := slices.Concat([]string{"test", "--verbose", "--miltertest", suite}, defines)
			t.Run("as the script says", func(t *testing.T) {
				wantOutput(t, head["output"], passes(t, commandPath(t), ours...))
			})
			t.Run("with --socket", func(t *testing.T) {
				wantOutput(t, head["output"], passes(t, commandPath(t), append(ours, "--socket", socket)...))
			})
			t.Run("in the process", func(t *testing.T) {
				out := passes(t, commandPath(t), append(ours, "--script", filter)...)
				wantOutput(t, head["output"], out)
				for _, want := range head["log"] {
					if !strings.Contains(out, want) {
						t.Errorf("no line with %q in the log:\n%s", want, tail(out, 16<<10))
					}
				}
			})
		})
	}
}

// passes runs a client that has to find nothing wrong, and gives what it prints.
func passes(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, tail(string(out), 4<<10))
	}
	return string(out)
}

func wantOutput(t *testing.T, wants []string, out string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("it printed no %q:\n%s", want, tail(out, 16<<10))
		}
	}
}

// TestMiltertestFrames runs the scripts of testdata/miltertest/wire with OpenDKIM's miltertest and with ours, against a
// milter that keeps what it is sent: the frames, what the scripts print and the exit codes must be the same. The head of a
// script says how the milter answers, see recorder.
func TestMiltertestFrames(t *testing.T) {
	for _, script := range miltertestScripts(t, "wire") {
		t.Run(scriptName(script), func(t *testing.T) {
			t.Parallel() // some wait for a reply that does not come
			theirs := record(t, script, tool(t, "miltertest", "miltertest"), "-s", script)
			ours := record(t, script, commandPath(t), "test", "--miltertest", script)
			if theirs.code != 0 {
				t.Fatalf("OpenDKIM's exits with %d:\n%s%s", theirs.code, theirs.out, theirs.errors)
			}
			if ours.code != 0 {
				t.Errorf("exit code: got %d\n%s", ours.code, ours.errors)
			}
			wantSame(t, "output", ours.out, theirs.out)
			wantSame(t, "frames", ours.frames, theirs.frames)
		})
	}
}

// TestFailingMiltertests runs the scripts of testdata/miltertest/fails, which must fail with both. Ours prints the text that
// the head names, with file and line.
func TestFailingMiltertests(t *testing.T) {
	for _, script := range miltertestScripts(t, "fails") {
		t.Run(scriptName(script), func(t *testing.T) {
			t.Parallel() // some wait for a reply that does not come
			theirs := record(t, script, tool(t, "miltertest", "miltertest"), "-s", script)
			ours := record(t, script, commandPath(t), "test", "--miltertest", script)
			if theirs.code == 0 || ours.code != 1 {
				t.Errorf("exit codes: got %d, OpenDKIM's %d", ours.code, theirs.code)
			}
			wantSame(t, "output", ours.out, theirs.out)
			wantSame(t, "frames", ours.frames, theirs.frames)
			for _, want := range readHead(t, script)["message"] {
				if got := strings.TrimPrefix(ours.errors, filepath.Dir(script)+"/"); !strings.HasPrefix(got, want) {
					t.Errorf("message: got %q, want %q", got, want)
				}
			}
		})
	}
}

// TestMiltertestOfLibmilter runs a script with both clients against filters on libmilter.
func TestMiltertestOfLibmilter(t *testing.T) {
	program := filepath.Join(t.TempDir(), "filter")
	build := exec.Command(tool(t, "gcc", "gcc"), "-o", program, "../../testdata/bench/libmilter.c", "-lmilter", "-lpthread")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script := miltertestScripts(t, "foreign")[0]
	for _, filter := range []string{"noop", "addheader", "body", "rewrite", "noop -t", "addheader -t", "body -t", "rewrite -t"} {
		t.Run(filter, func(t *testing.T) {
			socket := "unix:" + filepath.Join(shortTempDir(t), "s")
			cmd := exec.Command(program, slices.Concat([]string{"-s", socket, "-f"}, strings.Fields(filter))...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { // libmilter takes its time to end
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			})
			tuned := fmt.Sprintf("tuned=%t", strings.HasSuffix(filter, "-t"))
			theirs := passes(t, tool(t, "miltertest", "miltertest"), "-s", script, "-D", tuned, "-D", "socket="+socket)
			ours := passes(t, commandPath(t), "test", "--miltertest", script, "-D", tuned, "-D", "socket="+socket)
			wantSame(t, "output", ours, theirs)
			ours = passes(t, commandPath(t), "test", "--miltertest", script, "-D", tuned, "-D", "socket=inet:1@localhost",
				"--socket", socket)
			wantSame(t, "output with --socket", ours, theirs)
		})
	}
}

// recorded is what a run of a script has left.
type recorded struct {
	code        int
	out, errors string
	frames      string
}

// record runs a client with a script against a recorder.
func record(t *testing.T, script, program string, args ...string) recorded {
	t.Helper()
	milter := newRecorder(t, readHead(t, script))
	cmd := exec.Command(program, append(args, "-D", "socket=unix:"+milter.path, "-D", "folder="+filepath.Dir(script),
		"-D", "flag", "-D", "empty=", "-D", "text=a=b")...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return recorded{cmd.ProcessState.ExitCode(), out.String(), errOut.String(), milter.stop()}
}

func wantSame(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got\n%s\nOpenDKIM's miltertest has\n%s", what, got, want)
	}
}

func miltertestScripts(t *testing.T, folder string) []string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "miltertest", folder))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(dir, "*.lua"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s (%v)", dir, err)
	}
	return scripts
}

func scriptName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".lua") }

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
		if key, value, ok := strings.Cut(strings.TrimRight(comment, "\r\n"), ":"); ok && !strings.Contains(key, " ") {
			head[key] = append(head[key], strings.TrimPrefix(value, " "))
		}
	}
	return head
}
