package main_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"luamilter/engine"
)

// TestStatesAreByCoreCount: the process has one more of Go's processors than there are cores.
func TestStatesAreByCoreCount(t *testing.T) {
	t.Setenv("GOMAXPROCS", "1")
	dir := shortTempDir(t)
	startMilter(t, "unix:"+dir+"/s", "--script", filepath.Join("..", "..", "scripts", "hello.lua"), "--admin", "unix:"+dir+"/admin")
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", dir+"/admin")
		},
	}}
	var status engine.Status
	eventually(t, "the scripts have loaded", func() bool {
		r, err := client.Get("http://admin/status")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK && json.NewDecoder(r.Body).Decode(&status) == nil && len(status.States) == 1
	})
	if got := status.States[0].Idle + status.States[0].InUse; got != 4 {
		t.Errorf("got %d states on one core, want 4", got)
	}
}
