package guard

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	cacheSlots = 256
	// cacheLongest is the longest string that is cached, in bytes: the names of header fields are shorter.
	cacheLongest = 32
)

// Cache keeps what is made of short strings that come again and again, such as the names of header fields. A stranger
// who sends others only makes it miss. It belongs to one state.
type Cache struct {
	slots [cacheSlots]struct {
		text  string
		value lua.LValue
	}
}

// Get gives convert(s), made once and kept as long as no other string takes its place.
func (c *Cache) Get(s string, convert func(string) lua.LValue) lua.LValue {
	n := len(s)
	if n == 0 || n > cacheLongest {
		return convert(s)
	}
	// Enough to keep apart what differs in length, in its beginning or its end, for less than a look at each byte.
	slot := &c.slots[(n*59+int(s[0])*7+int(s[n/2])*31+int(s[max(n-2, 0)])*13+int(s[n-1])*17)%cacheSlots]
	if slot.text != s {
		text := strings.Clone(s) // s may be a part of something large
		slot.text, slot.value = text, convert(text)
	}
	return slot.value
}
