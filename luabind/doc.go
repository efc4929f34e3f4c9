// Package luabind is what a script sees: it loads a filter, finds its callbacks, and binds verdicts, changes,
// macros, and the fields of connection and message to Lua functions.
//
// A Script is one filter, compiled once and never changed. A State is one Lua state that runs it; it belongs to one
// goroutine at a time. A Scope is what one script knows of one connection and its message; it is handed from state
// to state, so nothing in it belongs to a state.
package luabind
