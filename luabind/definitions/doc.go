// Package definitions knows what a filter may define and call: it reads scripts/luamilter.d.lua, in which each function, class
// and field has its types and its text. The reference, the luacheck configuration and luamilter's own checks are made of it;
// a test holds it against the functions that a Lua state has.
package definitions
