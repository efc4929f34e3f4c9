package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// TestMain makes this binary luamilter itself when a test starts it under that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"luamilter": main})
}

// TestScripts runs the transcripts. Beside the commands of testscript they have those of transcript_test.go, and the
// files of testdata/lua and testdata/mail in the folders lua and mail, and the filters that we ship in scripts.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "../../testdata/script",
		UpdateScripts: *update,
		Setup:         setUpTranscript,
		Condition:     transcriptCondition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  cmdExits,
			"start":  cmdStart,
			"logs":   cmdLogs,
			"signal": cmdSignal,
			"ended":  cmdEnded,
			"mta":    cmdMTA,
			"socket": cmdSocket,
			"crlf":   cmdCRLF,
			"http":   cmdHTTP,

			"deliver": cmdDeliver,
			"tail":    cmdTail,
		},
	})
}

func setUpTranscript(env *testscript.Env) error {
	for folder, from := range map[string]string{
		"lua": "../../testdata/lua", "mail": "../../testdata/mail", "scripts": "../../scripts",
	} {
		if err := os.CopyFS(filepath.Join(env.WorkDir, folder), os.DirFS(from)); err != nil {
			return err
		}
	}
	env.Values[runningKey{}] = &running{}
	env.Values[tailingKey{}] = &tailing{}
	// Under the race detector each process would wait a second at its end.
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	// For transcripts in which luamilter becomes another user.
	return os.Chmod(filepath.Dir(env.WorkDir), 0o755)
}

func transcriptCondition(name string) (bool, error) {
	return name == "root" && os.Getuid() == 0, nil
}
