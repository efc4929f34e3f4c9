package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"luamilter/luabind"
	"luamilter/luabind/definitions"
	"luamilter/scripts"
)

// initCommand writes a filter to start from, with its test and the configuration of editors.
func initCommand(args []string, out, errOut io.Writer) error {
	fs := newFlags("init")
	dir := fs.String("dir", ".", "write to the folder `DIR`, which is made if it is not there")
	editor := fs.Bool("editor", false, "write the configuration of editors and luacheck only")
	if err := parse(fs, args, out, fmt.Sprintf(initHelp, readyList(), "%s")); err != nil {
		return err
	}
	k, err := chooseKit(fs.Args(), *editor)
	if err != nil {
		return err
	}
	written, err := k.write(*dir)
	if err != nil {
		return err
	}
	tellWritten(out, *dir, written)
	k.tellNext(out, *dir)
	return nil
}

// chooseKit is the kit that the command line asks for.
func chooseKit(args []string, editor bool) (*kit, error) {
	switch {
	case editor && len(args) > 0:
		return nil, usageErrorf("--editor writes no filter, so it takes no name %q", args[0])
	case editor:
		k := &kit{files: map[string]string{}}
		k.addEditor()
		return k, nil
	case len(args) > 1:
		return nil, usageErrorf("one filter at a time: %q and %q", args[0], args[1])
	case len(args) == 0:
		return newKit(), nil
	}
	name := strings.TrimSuffix(args[0], ".lua")
	if !slices.Contains(scripts.Ready(), name) {
		return nil, noReadyFilter(name)
	}
	return readyKit(name), nil
}

// tellWritten names what was written; the definitions are many, and named by their folder.
func tellWritten(out io.Writer, dir string, written []string) {
	definitions := 0
	for _, name := range written {
		if strings.HasPrefix(name, editorFolder+"/") {
			definitions++
			continue
		}
		fmt.Fprintf(out, "wrote %s\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
	switch {
	case definitions > 0:
		fmt.Fprintf(out, "wrote %s: definitions for editors, %d files\n", filepath.Join(dir, editorFolder), definitions)
	case len(written) == 0:
		fmt.Fprintln(out, "nothing to write: all of it is there")
	}
}

// readyList is the names of the ready filters in indented lines.
func readyList() string {
	const width = 90
	lines, line := "", " "
	for _, name := range scripts.Ready() {
		if len(line)+1+len(name) > width {
			lines, line = lines+line+"\n", " "
		}
		line += " " + name
	}
	return lines + line
}

func noReadyFilter(name string) error {
	hint := "there are " + strings.Join(scripts.Ready(), ", ")
	if near := luabind.Nearest(name, scripts.Ready()); near != "" {
		hint = "did you mean " + near + "?"
	}
	return usageErrorf("there is no ready filter %q; %s", name, hint)
}

// kit is what init writes.
type kit struct {
	name  string            // of the filter, without .lua; "" for none
	files map[string]string // content by name, with slashes
	first []string          // what has to be done before the filter loads
}

// newKit is a new filter.
func newKit() *kit {
	k := &kit{name: "filter", files: map[string]string{
		"filter.lua":      shipped("new/filter.lua"),
		"filter_test.lua": shipped("new/filter_test.lua"),
	}}
	k.addEditor()
	return k
}

// readyKit is one of the filters that are shipped, with the modules that it requires.
func readyKit(name string) *kit {
	source := shipped(name + ".lua")
	k := &kit{name: name, files: map[string]string{
		name + ".lua":      source,
		name + "_test.lua": shipped(name + "_test.lua"),
	}}
	for _, module := range scripts.Modules(source) {
		k.files[module] = shipped(module)
	}
	k.addEditor()
	k.addNeeds()
	return k
}

// shipped is a file of scripts/.
func shipped(name string) string {
	text, err := scripts.Files.ReadFile(name)
	if err != nil {
		panic("scripts: " + err.Error()) // it is in the program
	}
	return string(text)
}

// editorFolder has the definitions for lua-language-server.
const editorFolder = ".luamilter"

func (k *kit) addEditor() {
	set := definitions.Shipped()
	k.files[".luarc.json"] = definitions.EditorConfig(editorFolder)
	k.files[".luacheckrc"] = set.LuacheckConfig("max_line_length = false\nexclude_files = { \"" + editorFolder + "\" }\n")
	k.files[editorFolder+"/luamilter.d.lua"] = shipped("luamilter.d.lua")
	k.files[editorFolder+"/test.lua"] = shipped("definitions/test.lua")
	for _, name := range set.Modules() {
		k.files[editorFolder+"/"+name+".lua"] = definitions.ModuleFile(name)
	}
}

// addNeeds adds what some filters need before they load: files, or something to do.
func (k *kit) addNeeds() {
	switch k.name {
	case "verify_domain":
		k.files["domains.txt"] = "# One domain per line; those below it count as well.\nexample.org\n"
		k.first = []string{"put your domains into domains.txt, in place of example.org"}
	case "encrypted_header":
		k.first = []string{
			"luamilter open-header --new-key postmaster.key",
			"put the line that it prints in place of the one with public_key",
		}
	case "sign_custom":
		k.first = []string{"openssl genpkey -algorithm ed25519 -out sign.key", "set key_file to the full name of sign.key"}
	case "verify_custom":
		k.first = []string{"openssl pkey -in sign.key -pubout -out sign.pub", "set file, in keys, to the full name of sign.pub"}
	case "mail_archive":
		k.first = []string{"set path to a file in a folder that is there; the test writes to it as well"}
	}
}

// tellNext says what to do with what was written.
func (k *kit) tellNext(out io.Writer, dir string) {
	if k.name == "" {
		return
	}
	steps := append(slices.Clone(k.first),
		"luamilter check "+filepath.Join(dir, k.name+".lua"),
		"luamilter test "+filepath.Join(dir, k.name+"_test.lua"),
		"luamilter --script "+filepath.Join(dir, k.name+".lua"))
	fmt.Fprintf(out, "Next:\n  %s\n", strings.Join(steps, "\n  "))
}

const initHelp = `Writes a filter to start from, its test, and a configuration for luacheck and for editors with
lua-language-server: .luacheckrc, .luarc.json, and the definitions in the folder ` + editorFolder + `. No file
is written over: if one is there with another content, nothing is written at all.

Usage:
  luamilter init [NAME] [flags]

With NAME it is a copy of a ready filter (luamilter docs filters) with the modules that it requires:

%s

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine, 1 a file is there or can't be written, 2 wrong usage.
`
