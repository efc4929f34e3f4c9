// Package guard runs Lua 5.1 scripts (gopher-lua) that can neither hold up nor take down the process: a script is
// interrupted when its time or the memory is used up, whatever it tries to catch, and no library function makes more
// of a string, a list or a recursion than is stated here.
//
// A script passes through Compile once for all states, which bounds what the VM cannot (rewrite.go) and avoids what
// gopher-lua v1.1.2 compiles wrong (workaround.go). NewState gives a state with libraries of its own; a Fuel, asked by
// the VM before each instruction, interrupts it; Seal closes the globals once the script is loaded.
//
// What stays different from PUC Lua 5.1: there are no proper tail calls; nested calls end at about a thousand; the VM
// words its own errors in its own way; `local f = function` knows its own name, as `local function f` does; arithmetic
// on strings reads "010" as octal; a list longer than 4,194,303 entries is not seen whole by #; next takes an unknown
// key for the first one; and a table keeps room for every key that it ever had.
package guard
