package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// options are what flags set.
type options struct {
	programs
	cpu       int
	nice      int
	format    string
	writeSize int
	rounds    int
	roundTime time.Duration
	messages  int
	perConn   int

	filters []string
	mails   []string
	peers   []string
	conns   []int

	rate      float64
	idleConns int
	busyConns int
}

// postfixWriteSize is what Postfix 3.7 fills before it writes.
const postfixWriteSize = 4096

func defaultOptions() options {
	return options{programs: programs{sources: "testdata/bench"}, rounds: 5, roundTime: 1500 * time.Millisecond, perConn: 20}
}

// register adds the flags of every subcommand.
func (o *options) register(fs *pflag.FlagSet) {
	fs.StringVar(&o.luamilter, "luamilter", "", "`FILE` of luamilter; built if not given")
	fs.StringVar(&o.libmilter, "libmilter", "", "`FILE` of the filters on libmilter; compiled if not given")
	fs.StringVar(&o.limit, "limit", "", "`FILE` of the limit program; compiled if not given")
	fs.StringVar(&o.sources, "sources", o.sources, "`FOLDER` with the filters in Lua and C")
	fs.IntVar(&o.cpu, "cpu", -1, "`NUMBER` of the CPU that generator and peers share; -1: all")
	fs.IntVar(&o.nice, "nice", 0, "`NUMBER` of the priority of generator and peers; below 0 other programs disturb less, for root")
	fs.StringVar(&o.format, "format", "text", "`FORMAT` of the output: "+strings.Join(formats(), ", "))
	fs.IntVar(&o.writeSize, "write-size", postfixWriteSize, "`BYTES` of one write, as Postfix does it")
}

// roundFlags are those of what is measured in rounds.
func roundFlags(o *options, fs *pflag.FlagSet) {
	fs.IntVar(&o.rounds, "rounds", o.rounds, "`NUMBER` of times that each peer is measured")
	fs.DurationVar(&o.roundTime, "round-time", o.roundTime, "`TIME` of one round of one peer")
	fs.IntVar(&o.perConn, "per-connection", o.perConn, "`NUMBER` of messages of one connection")
}

// choiceFlags choose what is measured.
func choiceFlags(o *options, fs *pflag.FlagSet) {
	fs.StringSliceVar(&o.filters, "filters", o.filters, "`LIST` of filters")
	fs.StringSliceVar(&o.mails, "mails", o.mails, "`LIST` of mails: small, typical, large")
	fs.StringSliceVar(&o.peers, "peers", o.peers, "`LIST` of peers; ratios are to "+reference)
	fs.IntSliceVar(&o.conns, "conns", o.conns, "`LIST` of numbers of connections")
}

// check finds values that are none.
func (o *options) check() error {
	for _, c := range []struct {
		flag   string
		values []string
		known  []string
	}{
		{"format", []string{o.format}, formats()},
		{"filters", o.filters, filterNames()},
		{"mails", o.mails, []string{"small", "typical", "large"}},
		{"peers", o.peers, peerNames()},
	} {
		for _, v := range c.values {
			if !slices.Contains(c.known, v) {
				return fmt.Errorf("--%s: there is no %q, there are %s", c.flag, v, strings.Join(c.known, ", "))
			}
		}
	}
	for _, n := range o.conns {
		if n < 1 || n > 10000 {
			return fmt.Errorf("--conns: %d is not from 1 to 10000", n)
		}
	}
	if o.rounds < 1 || o.rounds > 1000 {
		return fmt.Errorf("--rounds: %d is not from 1 to 1000", o.rounds)
	}
	if o.roundTime <= 0 || o.roundTime > time.Minute {
		return fmt.Errorf("--round-time: %v is not above 0 and up to a minute", o.roundTime)
	}
	if o.nice < -20 || o.nice > 19 || o.cpu < -1 || o.cpu > 1023 {
		return fmt.Errorf("--nice is %d, --cpu %d: out of range", o.nice, o.cpu)
	}
	if o.idleConns < 0 || o.idleConns > 20000 || o.busyConns < 0 || o.busyConns > 20000 {
		return fmt.Errorf("--idle is %d, --busy %d: not from 1 to 20000", o.idleConns, o.busyConns)
	}
	if o.rate < 0 || o.rate > 1e6 {
		return fmt.Errorf("--rate: %v is not from 0 to 1000000", o.rate)
	}
	if o.perConn < 1 || o.messages < 0 || o.writeSize < 16 || o.writeSize > 1<<20 {
		return fmt.Errorf("--per-connection is %d, --messages %d, --write-size %d: out of range", o.perConn, o.messages, o.writeSize)
	}
	return nil
}
