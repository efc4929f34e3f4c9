package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

func tableFlags(o *options, fs *pflag.FlagSet) {
	o.filters = filterNames()
	o.mails = []string{"small", "typical", "large"}
	o.conns = []int{1, 8, 64}
	o.peers = peerNames()
	roundFlags(o, fs)
	choiceFlags(o, fs)
	fs.IntVar(&o.messages, "messages", 0, "`NUMBER` of messages that end a round; 0: by time alone")
}

// runTable measures each filter with each mail at each number of connections.
func runTable(b *bench) error {
	return b.eachCell(func(c *cell) error {
		if err := c.measure(b, c.load.run); err != nil {
			return err
		}
		b.print.cell(c, b.cpu >= 0)
		return nil
	})
}

// leastShare is the part of the CPU below which a round is not worth much.
const leastShare = 0.95

// disturbance tells where other programs had a part of the CPU, which makes rates and latencies worse than they are.
func (p *printer) disturbance(c *cell) {
	disturbed, rounds := 0, 0
	for i := range c.rows {
		for _, result := range c.rows[i].rounds {
			if rounds++; share(result) < leastShare {
				disturbed++
			}
		}
	}
	if disturbed > 0 && p.format != "benchstat" {
		fmt.Fprintf(p.out, "Other programs disturbed %d of %d rounds: compare CPU seconds, not messages/s.\n\n", disturbed, rounds)
	}
}

// cell prints what was measured. Pinned, peer and generator should have had one CPU to themselves.
func (p *printer) cell(c *cell, pinned bool) {
	var lines [][]string
	for i := range c.rows {
		r := &c.rows[i]
		lines = append(lines, []string{
			r.peer,
			fmt.Sprintf("%.0f", r.over((*result).rate)),
			fmt.Sprintf("%.2f", c.ratio(r, (*result).rate)),
			cpuPer1000(r),
			fmt.Sprintf("%.2f", c.ratio(r, peerCPU)),
			fmt.Sprintf("%.4f", r.over(ownCPU)*1e3),
			micros(r.over(latency(0.5))),
			micros(r.over(latency(0.99))),
			mebibytes(r.peakRSS),
			fmt.Sprintf("%.2f", r.over(share)),
		})
		for _, result := range r.rounds {
			p.benchmark(c.name()+"/"+r.peer, result.messages,
				metric{float64(result.elapsed.Nanoseconds()) / float64(max(result.messages, 1)), "ns/op"},
				metric{peerCPU(result) * 1e9, "cpu-ns/op"},
				metric{ownCPU(result) * 1e9, "generator-ns/op"},
				metric{latency(0.99)(result) * 1e9, "p99-ns"})
		}
	}
	p.table(fmt.Sprintf("%s, %s mail, connections: %d", c.filter, c.mail.name, c.load.conns),
		strings.Split("peer,messages/s,ratio,CPU s/1000,ratio,generator CPU s/1000,p50 us,p99 us,peak MiB,CPU share", ","), lines)
	if pinned {
		p.disturbance(c)
	}
}

func cpuPer1000(r *row) string { return fmt.Sprintf("%.4f", r.over(peerCPU)*1e3) }
