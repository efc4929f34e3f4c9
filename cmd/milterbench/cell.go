package main

import "fmt"

// cell is one filter with one mail at one number of connections: a block of the table, one row for each peer.
type cell struct {
	filter string
	mail   *mail
	load   load
	rows   []row
}

// row is one peer in a cell.
type row struct {
	peer    string
	rounds  []*result
	peakRSS int64 // bytes
}

// reference is the peer that ratios are taken to.
const reference = "libmilter-tuned"

// eachCell goes through the filters, mails and numbers of connections that were asked for.
func (b *bench) eachCell(do func(*cell) error) error {
	kinds := mailKinds()
	for _, filter := range b.filters {
		for _, name := range b.mails {
			m := kinds[name]()
			for _, n := range b.conns {
				c := &cell{filter: filter, mail: m, load: load{n, b.perConn, b.roundTime, b.messages}}
				if err := do(c); err != nil {
					return fmt.Errorf("%s: %w", c.name(), err)
				}
			}
		}
	}
	return nil
}

// measure runs the peers interleaved: each once in every round.
func (c *cell) measure(b *bench, round func(*peer, *traffic) (*result, error)) error {
	running := make([]*peer, len(b.peers))
	scripts := make([]*traffic, len(b.peers))
	c.rows = make([]row, len(b.peers))
	for i, name := range b.peers {
		r, err := b.startPeer(peerArgs{name: name, filter: c.filter, body: len(c.mail.body) + len(footer)})
		if err != nil {
			return err
		}
		defer r.stop()
		running[i] = r
		scripts[i] = newTraffic(expect(c.filter, c.mail, name == "limit"), c.mail, b.writeSize)
		c.rows[i].peer = name
	}
	for range b.rounds {
		for i, r := range running {
			result, err := round(r, scripts[i])
			if err != nil {
				return err
			}
			c.rows[i].rounds = append(c.rows[i].rounds, result)
		}
	}
	for i, r := range running {
		peak, err := memory(r.pid(), "VmHWM")
		if err != nil {
			return err
		}
		c.rows[i].peakRSS = peak
	}
	return nil
}

func (c *cell) name() string {
	return fmt.Sprintf("%s/%s/conns=%d", c.filter, c.mail.name, c.load.conns)
}

// over gives the median of a number that each round has.
func (r *row) over(number func(*result) float64) float64 {
	var values []float64
	for _, result := range r.rounds {
		values = append(values, number(result))
	}
	return median(values)
}

// ratio gives the median of a number in each round over that of the reference in the same round; 0 without reference.
func (c *cell) ratio(r *row, number func(*result) float64) float64 {
	for i := range c.rows {
		if c.rows[i].peer != reference {
			continue
		}
		var values []float64
		for j, result := range r.rounds {
			values = append(values, number(result)/number(c.rows[i].rounds[j]))
		}
		return median(values)
	}
	return 0
}
