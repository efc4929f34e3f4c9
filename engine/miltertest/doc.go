// Package miltertest runs test scripts that were written for OpenDKIM's miltertest(8): Lua that plays an MTA to a milter
// with the functions of the table mt.
//
// What a script gets back, and what goes to the milter and when, is as with the program that Debian has (1.6.0, called the
// model in the comments), frame by frame; tests run both. Where the model differs from its manual, the model stands, except
// where a script that passes with it can't tell: see docs/miltertest.md.
//
// The language is that of luabind/guard, whose states keep to Lua 5.1 where gopher-lua's own do not, and can be interrupted.
// Unlike a filter, a test belongs to who runs it by hand, and the model keeps nothing from it: so it has all of os, io,
// debug and package, dofile and loadfile besides.
package miltertest
