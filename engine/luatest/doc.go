// Package luatest runs tests of filters that are written in Lua: a file NAME_test.lua beside NAME.lua. Each of its cases
// gets a host of its own (engine.Host), to which an MTA in the same process (engine/mta) tells SMTP sessions in the real
// protocol.
package luatest
