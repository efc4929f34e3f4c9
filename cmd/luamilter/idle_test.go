package main_test

import (
	"syscall"
	"testing"
)

// TestIdleConnections opens 5,000 connections that have sent CONNECT and HELO through a Lua filter, as an MTA with
// that many clients does, and looks at the memory of the process.
func TestIdleConnections(t *testing.T) {
	const connections, mostMiB = 5000, 100
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if files.Max < connections+1000 {
		t.Fatalf("this test opens %d connections, but only %d files may be open: raise the hard limit (ulimit -Hn)", connections, files.Max)
	}
	m := startMilter(t, "unix:"+shortTempDir(t)+"/s", "--script", filterPath(t, "idle.lua"))
	before := m.residentMiB(t, "VmRSS")
	all := make([]*rawMilter, connections)
	for n := range all {
		all[n] = mustDialRaw(t, m.listen)
		if err := all[n].connect(n); err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
	}
	got := m.residentMiB(t, "VmRSS")
	t.Logf("%d open connections: %.1f MiB resident (%.1f MiB before, %.1f MiB at most), %.1f KiB for each", connections, got, before, m.residentMiB(t, "VmHWM"), (got-before)*1024/connections)
	if got > mostMiB {
		t.Errorf("%d open connections take %.1f MiB, want at most %d MiB", connections, got, mostMiB)
	}
	for n := 0; n < connections; n += 100 {
		if err := all[n].message(); err != nil {
			t.Fatalf("a mail on connection %d after it was idle: %v", n, err)
		}
	}
}
