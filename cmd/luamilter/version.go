package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

func versionCommand(args []string, out, _ io.Writer) error {
	fs := newFlags("version")
	if err := parse(fs, args, out, versionHelp); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usageErrorf("version takes no arguments")
	}
	fmt.Fprintf(out, "luamilter %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// release is the version that dist/build.sh tells the linker; nothing sets it later.
var release string

// version is that of a release, or of the module: a tag, or the commit that was built from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

const versionHelp = `Prints the version.

Usage:
  luamilter version
%s`
