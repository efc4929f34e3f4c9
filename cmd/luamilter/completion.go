package main

import (
	"io"
	"slices"
	"strings"
)

// completionOf is what makes the completion of a shell; nil for one that there is none for.
func completionOf(shell string) func([]description) string {
	return map[string]func([]description) string{
		"bash": bashCompletion,
		"zsh":  zshCompletion,
		"fish": fishCompletion,
	}[shell]
}

// completionCommand prints a script that makes a shell complete commands, flags and what stands behind them.
func completionCommand(args []string, out, _ io.Writer) error {
	fs := newFlags("completion")
	if err := parse(fs, args, out, completionHelp); err != nil {
		return err
	}
	completion := completionOf(fs.Arg(0))
	if fs.NArg() != 1 || completion == nil {
		return usageErrorf("completion takes the name of a shell: bash, zsh or fish")
	}
	_, err := io.WriteString(out, completion(describeCommands()))
	return err
}

// flagNames are the flags of a subcommand as they are typed.
func (d description) flagNames() []string {
	var names []string
	for _, f := range d.flags {
		names = append(names, "--"+f.Name)
	}
	return append(names, "--help")
}

// firstWords are the words that a command line may begin with.
func firstWords(commands []description) []string {
	var names []string
	for _, c := range commands {
		names = append(names, c.name)
	}
	return names
}

// shellQuote makes one word of s for each of the shells: no word of ours has a single quote that must stay.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "") + "'"
}

// quoteAll makes words of several.
func quoteAll(words []string) string {
	quoted := slices.Clone(words)
	for i, w := range quoted {
		quoted[i] = shellQuote(w)
	}
	return strings.Join(quoted, " ")
}

const completionHelp = `Prints the completion of a shell.

Usage:
  luamilter completion bash|zsh|fish
%s
Where the shell finds it at its next start:
  luamilter completion bash > ~/.local/share/bash-completion/completions/luamilter
  luamilter completion zsh  > ~/.zfunc/_luamilter    (or another folder of $fpath)
  luamilter completion fish > ~/.config/fish/completions/luamilter.fish
`
