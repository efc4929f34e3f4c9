package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completions are command lines, of which the last word is being typed, and what fits in a folder with a.lua, b.eml and
// the folder sub.
var completions = []struct {
	name  string
	words []string
	want  []string
}{
	{"a command", []string{"ch"}, []string{"check"}},
	{"a flag of run without run", []string{"--on-"}, []string{"--on-error", "--on-oversize"}},
	{"a flag of a command", []string{"check", "--log-f"}, []string{"--log-format"}},
	{"no flag of another command", []string{"version", "--listen"}, nil},
	{"--help of each", []string{"version", "--"}, []string{"--help"}},
	{"the words of a flag", []string{"run", "--on-error", "re"}, []string{"reject"}},
	{"the words of a flag without run", []string{"--on-error", "a"}, []string{"accept"}},
	{"scripts and folders", []string{"run", "--script", ""}, []string{"a.lua", "sub"}},
	{"scripts as operands", []string{"check", ""}, []string{"a.lua", "sub"}},
	{"mails of any name", []string{"replay", "b"}, []string{"b.eml"}},
	{"one word of several", []string{"completion", "z"}, []string{"zsh"}},
	{"a command to help", []string{"help", "rep"}, []string{"replay"}},
	{"the rules of check", []string{"check", "--explain", "accept-in"}, []string{"accept-in-rcpt"}},
	{"ready filters", []string{"init", "foo"}, []string{"footer"}},
	{"entries of the reference", []string{"docs", "on_mes"}, []string{"on_message"}},
	{"tests and folders", []string{"test", ""}, []string{"a.lua", "sub"}},
	{"nothing where nothing is known", []string{"check", "--message-timeout", ""}, nil},
}

func TestLastOperand(t *testing.T) {
	for usage, want := range map[string]string{
		"":        "",
		"version": "",
		"[run] --script FILE [--script FILE ...] [--listen ADDR ...] [flags]": "",
		"check FILE...":                "FILE",
		"test [NAME_test.lua ...]":     "NAME_test.lua",
		"init [NAME] [--dir DIR]":      "NAME",
		"replay --script FILE MAIL...": "MAIL",
		"tail [--match RULE]":          "",
		"send [--quiet] [MAIL]":        "MAIL",
		"completion bash|zsh|fish":     "bash|zsh|fish",
	} {
		if got := lastOperand(usage); got != want {
			t.Errorf("%q: got %q, want %q", usage, got, want)
		}
	}
}

// completionFolder holds the files that completions name, and the completion of a shell in the file completion.
func completionFolder(t *testing.T, shell string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"a.lua": "", "b.eml": "", ".completion": completionOf(shell)(describeCommands()),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// runShell gives the lines that a shell prints.
func runShell(t *testing.T, folder string, argv ...string) []string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = folder
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", argv[0], err, out)
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		word, _, _ := strings.Cut(line, "\t") // fish says what it is, too
		if word = strings.TrimSuffix(word, "/"); word != "" {
			lines = append(lines, word)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines) // zsh adds what it finds in several ways
}

func TestBashCompletes(t *testing.T) {
	folder := completionFolder(t, "bash")
	const complete = `. ./.completion; _luamilter; printf '%s\n' "${COMPREPLY[@]}"`
	for _, c := range completions {
		t.Run(c.name, func(t *testing.T) {
			words := fmt.Sprintf("COMP_WORDS=(luamilter %s); COMP_CWORD=%d; ", quoteAll(c.words), len(c.words))
			if got := runShell(t, folder, "bash", "--norc", "-c", words+complete); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for _, words := range []string{"luamilter --on-error = re", "luamilter run --on-error = re"} {
		t.Run(words, func(t *testing.T) {
			set := fmt.Sprintf("COMP_WORDS=(%s); COMP_CWORD=%d; ", words, strings.Count(words, " "))
			got := runShell(t, folder, "bash", "--norc", "-c", set+complete)
			if want := []string{"reject"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestFishCompletes(t *testing.T) {
	folder := completionFolder(t, "fish")
	for _, c := range completions {
		t.Run(c.name, func(t *testing.T) {
			line := "luamilter " + strings.Join(c.words, " ")
			script := "source .completion; complete -C " + shellQuote(line)
			if got := runShell(t, folder, "fish", "--no-config", "-c", script); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// askZsh completes the words of its argument in a zsh on a terminal, as Tab does, and prints what was found.
const askZsh = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2= TERM=dumb
autoload -Uz compinit; compinit -u -D; source ./.completion
hits=(); compadd() { local -a found; builtin compadd -A found "$@"; hits+=($found); builtin compadd "$@" }
report() { _main_complete; print -rl -- "" BEGIN $hits END; exit }
zle -C report complete-word report; bindkey "^I" report'
zpty -w -n shell "$1"$'\t'
zpty -r -m shell text $'*BEGIN\r\n*END*'
print -rl -- ${(f)${${text##*BEGIN$'\r\n'}%%END*}//$'\r'}
`

func TestZshCompletes(t *testing.T) {
	folder := completionFolder(t, "zsh")
	for _, c := range completions {
		t.Run(c.name, func(t *testing.T) {
			line := "luamilter " + strings.Join(c.words, " ")
			if got := runShell(t, folder, "zsh", "-f", "-c", askZsh, "ask", line); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
