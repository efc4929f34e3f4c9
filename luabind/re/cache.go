package re

import (
	"container/list"
	"sync"
)

// Limits of what a cache holds. Patterns may be made of what a mail says, so that there is no end of them.
const (
	cachedPatterns = 1000
	cachedBytes    = 32 << 20
)

// cache keeps the compiled patterns that were used last, for all states. The zero value is empty.
type cache struct {
	mu      sync.Mutex
	entries map[string]*list.Element // of *pattern
	order   list.List                // last used first
	bytes   int64
}

// get is nil where there is no such pattern.
func (c *cache) get(source string) *pattern {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[source]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*pattern)
}

// put keeps a pattern; another state may have been faster.
func (c *cache) put(p *pattern) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[p.source]; ok {
		return
	}
	if c.entries == nil {
		c.entries = make(map[string]*list.Element)
	}
	c.entries[p.source] = c.order.PushFront(p)
	c.bytes += p.bytes
	for c.order.Len() > cachedPatterns || c.bytes > cachedBytes && c.order.Len() > 1 {
		oldest := c.order.Remove(c.order.Back()).(*pattern)
		delete(c.entries, oldest.source)
		c.bytes -= oldest.bytes
	}
}
