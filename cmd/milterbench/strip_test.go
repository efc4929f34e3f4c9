package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/pprof/profile"
)

func TestStripLeavesFunctionsAndLines(t *testing.T) {
	m := &profile.Mapping{ID: 1, Start: 1, Limit: 2, File: "/machine/program"}
	f := &profile.Function{ID: 1, Name: "f", SystemName: "f", Filename: "/machine/f.go", StartLine: 3}
	l := &profile.Location{ID: 1, Mapping: m, Address: 1, Line: []profile.Line{{Function: f, Line: 5}}}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}},
		Sample:     []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{7}}},
		Location:   []*profile.Location{l}, Function: []*profile.Function{f}, Mapping: []*profile.Mapping{m},
	}
	file := filepath.Join(t.TempDir(), "cpu.prof")
	var data bytes.Buffer
	if err := p.Write(&data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := strip([]string{file}); err != nil {
		t.Fatal(err)
	}
	stripped, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := profile.ParseData(stripped)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains([]byte(got.String()), []byte("machine")) {
		t.Errorf("it still tells of the machine:\n%s", got)
	}
	line := got.Sample[0].Location[0].Line[0]
	if line.Function.Name != "f" || line.Function.StartLine != 3 || line.Line != 5 || got.Sample[0].Value[0] != 7 {
		t.Errorf("got %+v of %+v, want line 5 of f, which begins at 3, 7 times", line, line.Function)
	}
}
