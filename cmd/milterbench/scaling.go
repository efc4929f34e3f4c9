package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

func scalingFlags(o *options, fs *pflag.FlagSet) {
	o.roundTime = time.Second
	fs.DurationVar(&o.roundTime, "round-time", o.roundTime, "least `TIME` of each measurement")
}

// point is one measurement of luamilter: what varies, and in which unit the cost is shared out.
type point struct {
	name    string // such as headers=100
	filter  string
	mail    *mail
	conns   int
	scripts []string // in place of the filter's own
	units   int      // header fields, KiB or scripts of one message; 0: none
	unit    string
}

// runScaling shows that the cost of a message grows with what it has to do, and with nothing else.
func runScaling(b *bench) error {
	scripts, err := b.idleScripts()
	if err != nil {
		return err
	}
	for _, group := range []struct {
		title  string
		points []point
	}{
		{"addheader, typical mail, open connections used in turn", connectionPoints()},
		{"addheader, header fields", headerPoints()},
		{"body, size of body", bodyPoints("body", 50)},
		// luamilter counts the collected body and the new one against --max-message-size, 64 MiB.
		{"rewrite, size of body", bodyPoints("rewrite", 25)},
		{"addheader, typical mail, more scripts", scripts},
	} {
		var lines [][]string
		for i := range group.points {
			line, err := b.scale(&group.points[i])
			if err != nil {
				return fmt.Errorf("%s: %w", group.points[i].name, err)
			}
			lines = append(lines, line)
		}
		b.print.table(group.title, strings.Split("luamilter,messages,CPU us/message,per unit", ","), lines)
	}
	return nil
}

func connectionPoints() []point {
	var points []point
	m := mailKinds()["typical"]()
	for _, n := range []int{1, 10, 100, 1000, 5000} {
		points = append(points, point{name: fmt.Sprintf("connections=%d", n), filter: "addheader", mail: m, conns: n})
	}
	return points
}

func headerPoints() []point {
	var points []point
	for _, n := range []int{10, 100, 1000, 10000} {
		points = append(points, point{name: fmt.Sprintf("headers=%d", n), filter: "addheader",
			mail: newMail("headers", n, 2<<10), conns: 1, units: n, unit: "header"})
	}
	return points
}

// bodyPoints goes up to mostMiB.
func bodyPoints(filter string, mostMiB int) []point {
	var points []point
	for _, kib := range []int{1, 32, 1 << 10, 10 << 10, mostMiB << 10} {
		points = append(points, point{name: fmt.Sprintf("%s-KiB=%d", filter, kib), filter: filter,
			mail: newMail("bodies", 12, kib<<10), conns: 1, units: kib, unit: "KiB"})
	}
	return points
}

// idleScripts adds to addheader scripts whose one callback never comes, and scripts whose empty on_header always does.
func (b *bench) idleScripts() ([]point, error) {
	var points []point
	m := mailKinds()["typical"]()
	for _, kind := range []struct{ name, text string }{
		{"idle", "function on_unknown(command) end\n"},
		{"empty-on_header", "function on_header(name, value) end\n"},
	} {
		for _, n := range []int{1, 4, 16} {
			p := point{name: fmt.Sprintf("scripts=%d/%s", n, kind.name), filter: "addheader", mail: m, conns: 1,
				scripts: []string{b.source("addheader.lua")}, units: n, unit: "script"}
			for i := 1; i < n; i++ {
				file := filepath.Join(b.dir, fmt.Sprintf("%s%d.lua", kind.name, i))
				if err := os.WriteFile(file, []byte(kind.text), 0o644); err != nil {
					return nil, err
				}
				p.scripts = append(p.scripts, file)
			}
			points = append(points, p)
		}
	}
	return points, nil
}

// scale measures one point: a message on each connection to warm up, then as many in turn as the time allows, and at least
// one on each.
func (b *bench) scale(p *point) ([]string, error) {
	r, err := b.startPeer(peerArgs{name: "luamilter", filter: p.filter, scripts: p.scripts})
	if err != nil {
		return nil, err
	}
	defer r.stop()
	sessions, err := openSessions(r, newTraffic(expect(p.filter, p.mail, false), p.mail, b.writeSize), p.conns)
	defer closeSessions(sessions)
	if err == nil {
		err = turn(sessions)
	}
	if err != nil {
		return nil, r.explain(err)
	}
	before, err := cpuTime(r.pid())
	if err != nil {
		return nil, err
	}
	messages := 0
	for start := time.Now(); messages == 0 || time.Since(start) < b.roundTime; messages += len(sessions) {
		if err := turn(sessions); err != nil {
			return nil, r.explain(err)
		}
	}
	after, err := cpuTime(r.pid())
	if err != nil {
		return nil, err
	}
	cost := (after - before).Seconds() * 1e6 / float64(messages)
	b.print.benchmark("Scaling/"+p.name, messages, metric{cost * 1e3, "cpu-ns/op"})
	line := []string{p.name, fmt.Sprint(messages), fmt.Sprintf("%.1f", cost), ""}
	if p.units > 0 {
		line[3] = fmt.Sprintf("%.2f us/%s", cost/float64(p.units), p.unit)
	}
	return line, nil
}

// turn sends one message on each session.
func turn(sessions []*session) error {
	for _, s := range sessions {
		if _, err := s.message(false); err != nil {
			return err
		}
	}
	return nil
}

// openSessions opens connections and leaves them idle after HELO. With an error it gives those that are open.
func openSessions(p *peer, s *traffic, n int) ([]*session, error) {
	var sessions []*session
	for len(sessions) < n {
		session, err := openSession(p.socket, s)
		if err != nil {
			return sessions, fmt.Errorf("connection %d of %d: %w", len(sessions)+1, n, err)
		}
		sessions = append(sessions, session)
		if err := session.settle(); err != nil {
			return sessions, err
		}
	}
	return sessions, nil
}

// closeSessions hangs up.
func closeSessions(sessions []*session) {
	for _, s := range sessions {
		_ = s.close() // what was measured stands
	}
}
