package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// programs are the files that the peers are run from.
type programs struct {
	luamilter string
	libmilter string
	limit     string
	sources   string // folder with the filters in Lua and C
}

// build makes the programs that have no path yet, in dir. It has to run in the source tree then.
func (p *programs) build(ctx context.Context, dir string) error {
	for _, b := range []struct {
		path *string
		name string
		args []string
	}{
		{&p.luamilter, "luamilter", []string{"go", "build", "-trimpath", "-o", "", "luamilter/cmd/luamilter"}},
		{&p.libmilter, "libmilter", []string{"cc", "-O2", "-Wall", "-Wextra", "-o", "", p.source("libmilter.c"), "-lmilter", "-lpthread"}},
		{&p.limit, "limit", []string{"cc", "-O2", "-Wall", "-Wextra", "-o", "", p.source("limit.c")}},
	} {
		if *b.path != "" {
			continue
		}
		*b.path = filepath.Join(dir, b.name)
		for i, arg := range b.args {
			if arg == "" {
				b.args[i] = *b.path
			}
		}
		cmd := exec.CommandContext(ctx, b.args[0], b.args[1:]...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", b.name, err, out)
		}
	}
	return nil
}

func (p *programs) source(name string) string { return filepath.Join(p.sources, name) }
