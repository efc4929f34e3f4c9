// Package scripts is what is shipped to write filters with: ready filters, the modules that they share, and the definitions
// for editors.
package scripts

import "embed"

// Files are those of this folder, by the names that they have here.
//
//go:embed *.lua lib/*.lua definitions/*.lua .luacheckrc .luarc.json
var Files embed.FS

// Definitions is luamilter.d.lua: all that a filter may define and call, in the annotations of lua-language-server.
//
//go:embed luamilter.d.lua
var Definitions string
