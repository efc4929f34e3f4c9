// Package engine runs the scripts: a Generation holds what was loaded and a pool of Lua states for each script, and a
// Host hands it the events of the milter protocol.
//
// A Generation never changes once it is loaded. A connection keeps the one that it began with; Swap gives another to
// those that begin later. The states of an old generation are freed when its last connection leaves.
package engine
