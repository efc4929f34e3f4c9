package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

func latencyFlags(o *options, fs *pflag.FlagSet) {
	o.roundTime = 3 * time.Second
	o.filters = []string{"addheader"}
	o.mails = []string{"typical"}
	o.conns = []int{8}
	o.peers = []string{"luamilter", reference, "limit"}
	roundFlags(o, fs)
	choiceFlags(o, fs)
	fs.Float64Var(&o.rate, "rate", 0, "`NUMBER` of messages a second; 0: half of what "+reference+" does in this run")
}

// runLatency measures latency at a fixed rate.
func runLatency(b *bench) error {
	return b.eachCell(func(c *cell) error {
		rate := b.rate
		if rate == 0 {
			most, err := c.mostOf(b, reference)
			if err != nil {
				return err
			}
			rate = most / 2
		}
		o := schedule{rate, b.roundTime, c.load.conns, b.perConn}
		if err := c.measure(b, o.run); err != nil {
			return err
		}
		b.print.latencies(c, rate)
		return nil
	})
}

// mostOf gives the messages a second of a peer in closed loop.
func (c *cell) mostOf(b *bench, name string) (float64, error) {
	alone := &cell{filter: c.filter, mail: c.mail, load: c.load}
	only := *b
	only.peers = []string{name}
	if err := alone.measure(&only, alone.load.run); err != nil {
		return 0, err
	}
	return alone.rows[0].over((*result).rate), nil
}

func (p *printer) latencies(c *cell, rate float64) {
	var lines [][]string
	for i := range c.rows {
		r := &c.rows[i]
		line := []string{r.peer}
		for _, share := range []float64{0.5, 0.99, 0.999} {
			line = append(line, micros(r.over(latency(share))))
		}
		lines = append(lines, append(line, fmt.Sprintf("%.2f", c.ratio(r, latency(0.99))), cpuPer1000(r)))
		for _, result := range r.rounds {
			p.benchmark("Latency/"+c.name()+"/"+r.peer, result.messages,
				metric{percentile(result.latencies, 0.5).Seconds() * 1e9, "p50-ns"},
				metric{percentile(result.latencies, 0.99).Seconds() * 1e9, "p99-ns"},
				metric{percentile(result.latencies, 0.999).Seconds() * 1e9, "p99.9-ns"})
		}
	}
	p.table(fmt.Sprintf("%s, %s mail, %d connections, %.0f messages/s offered", c.filter, c.mail.name, c.load.conns, rate),
		strings.Split("peer,p50 us,p99 us,p99.9 us,p99 ratio,CPU s/1000", ","), lines)
}
