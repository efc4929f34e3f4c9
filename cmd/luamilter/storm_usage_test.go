package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// usage is what a process could leak.
type usage struct{ files, watches, goroutines int }

// restingUsage looks when the process has begun to watch its files, and no connection of an MTA is open.
func (s *storm) restingUsage() (u usage) {
	s.Helper()
	eventually(s.T, "the process has files, watches and goroutines", func() bool {
		u = s.usage()
		return u.files > 0 && u.watches > 0 && u.goroutines > 0
	})
	return u
}

// usage is what the process has now.
func (s *storm) usage() usage {
	s.Helper()
	var u usage
	proc := fmt.Sprintf("/proc/%d/", s.milter.cmd.Process.Pid)
	for line := range strings.Lines(s.get("/metrics")) {
		fmt.Sscanf(line, "go_goroutines %d", &u.goroutines)
	}
	files, err := os.ReadDir(proc + "fd")
	s.must(err)
	u.files = len(files)
	for _, f := range files {
		if to, _ := os.Readlink(proc + "fd/" + f.Name()); to == "anon_inode:inotify" {
			info, err := os.ReadFile(proc + "fdinfo/" + f.Name())
			s.must(err)
			u.watches += strings.Count(string(info), "inotify wd:")
		}
	}
	return u
}

// checkUsage wants all to be given back, and the operator to see a milter at rest.
func (s *storm) checkUsage(before usage) {
	s.Helper()
	const mostMiB, slack = 64, 3
	var now usage
	defer func() { s.Logf("files, watches, goroutines: %v before, %v after", before, now) }()
	eventually(s.T, fmt.Sprintf("no more is open than %+v", before), func() bool {
		now = s.usage()
		return now.watches > 0 && now.files <= before.files && now.watches <= before.watches && now.goroutines <= before.goroutines+slack
	})
	var status string
	defer func() {
		if s.Failed() {
			s.Logf("status: %s", status)
		}
	}()
	eventually(s.T, "nothing is in use, and nothing has failed", func() bool {
		status = s.get("/status")
		var got struct {
			Connections, Staying, Messages, Failures int
			FailedReload                             any `json:"failed_reload"`
		}
		s.must(json.Unmarshal([]byte(status), &got))
		return got.Connections == 0 && got.Staying == 0 && got.Messages == 0 && got.Failures == 0 && got.FailedReload == nil
	})
	own := s.milter.residentMiB(s.T, "RssAnon") // what of the program file is in memory is no leak
	s.Logf("%.1f MiB of its own resident, %.1f MiB in all at most", own, s.milter.residentMiB(s.T, "VmHWM"))
	if own > mostMiB {
		s.Errorf("got %.1f MiB of its own resident, want at most %d MiB", own, mostMiB)
	}
}

// get asks the HTTP server for operators, on a connection of its own.
func (s *storm) get(path string) string {
	s.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.path("admin"))
		},
	}}
	answer, err := client.Get("http://localhost" + path)
	s.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	s.must(err)
	if answer.StatusCode != http.StatusOK {
		s.Fatalf("GET %s: got %s, %s", path, answer.Status, body)
	}
	return string(body)
}
