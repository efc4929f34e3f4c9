package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/google/pprof/profile"
)

// strip takes from a CPU profile what tells of the machine where it was made, its files and programs: the compiler goes by
// the names of functions and by lines within them.
func strip(files []string) error {
	if len(files) != 1 {
		return fmt.Errorf("strip takes the name of one profile")
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	p, err := profile.ParseData(data)
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	p.Mapping, p.Comments = nil, nil
	for _, l := range p.Location {
		l.Mapping, l.Address = nil, 0
	}
	for _, f := range p.Function {
		f.Filename = ""
	}
	var stripped bytes.Buffer
	if err := p.Write(&stripped); err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	return os.WriteFile(files[0], stripped.Bytes(), 0o644)
}
