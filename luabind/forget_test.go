package luabind

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// memory is what the chunks of a body are read into.
type memory struct {
	bytes  []byte
	shared bool // written over by the next chunk, and with # when the body is over
}

func (m *memory) read(chunk string) string {
	if !m.shared {
		return strings.Clone(chunk)
	}
	m.clear()
	copy(m.bytes, chunk)
	return unsafe.String(unsafe.SliceData(m.bytes), len(chunk))
}

func (m *memory) clear() {
	for i := range m.bytes {
		m.bytes[i] = '#'
	}
}

// judge gives chunks to on_body of a state, and on_eom the time to tell what is left. All that comes of it is in the text.
func judge(f *fixture, chunks []string, shared bool) string {
	m := memory{make([]byte, 1<<10), shared}
	var out strings.Builder
	f.log.Reset()
	for _, chunk := range chunks {
		v, err := f.callWith(OnBody, &protocol.Event{Code: protocol.CodeBody, Body: m.read(chunk), Macros: f.scope.Macros})
		m.clear()
		fmt.Fprintf(&out, "%v %v\n", v, err)
	}
	v, err := f.callWith(OnEOM, &protocol.Event{Code: protocol.CodeEOM, Macros: f.scope.Macros})
	fmt.Fprintf(&out, "%v %v\n%v\n", v, err, f.scope.Message.Resolve())
	for line := range strings.Lines(f.log.String()) {
		_, line, _ = strings.Cut(line, " ") // the time
		out.WriteString(line)
	}
	return out.String()
}

var someChunks = []string{"The first chunk, with words 1 2 3.", strings.Repeat("SECOND", 100), "third: <a@example.org>", "", "end"}

// dump is Lua that tells all that a value leads to.
const dump = `
local kept = {}
local function keep(...) for i = 1, select("#", ...) do kept[#kept + 1] = (select(i, ...)) end return ... end
local function dump(v, depth)
  if depth > 4 then return end
  if type(v) == "table" then
    for k, w in pairs(v) do dump(k, depth + 1) dump(w, depth + 1) end
  elseif type(v) == "function" then
    dump({select(2, pcall(v))}, depth + 1)
  elseif type(v) == "string" and v:find("^%a+: 0x") then
    return
  else
    print(tostring(v))
  end
end
function on_eom()
  for i = 1, #kept do dump(kept[i], 0) end
  dump(msg.a, 0) dump(msg.b, 0)
  if msg.header then add_header("X-Kept", msg.header) end
end
`

func TestScriptsThatKeepPartsOfAChunkKeepThemForGood(t *testing.T) {
	for name, body := range map[string]string{
		"parts in a field of msg":           `msg.a = c:sub(1, 9) msg.b = {c:match("(%a+).-(%a*)")}`,
		"a part as the name of a field":     `msg[c:sub(1, 4) .. "x"] = 1 msg.b = {[c:sub(1, 5)] = c:match("%a+")}`,
		"parts in an upvalue":               `keep(c:sub(1, 9), c:match("%a+"), c:find("(%a+)"))`,
		"all of it, as a part":              `keep(c:sub(1), c:match("^.*$"), (c:gsub("\0", "x")), c:upper(), c:lower())`,
		"what gsub is given":                `c:gsub("%a+", keep) c:gsub("(%a)(%a)", function(a, b) keep(a, b, a .. b) end)`,
		"what a table of gsub is asked for": `c:gsub("%a+", setmetatable({}, {__index = function(_, k) keep(k) end}))`,
		"what gmatch gives":                 `for a, b in c:gmatch("(%a)(%a+)") do keep(a, b) end for a in string.gmatch(c, "%d") do keep(a) end`,
		"a closure over a part":             `local p = c:sub(2, 7) keep(function() return p end)`,
		"a part in an error that is caught": `local p = c:sub(2) keep(pcall(error, p)) keep(pcall(error, {message = p}))`,
		"a part in an error that is not":    `local p = c:sub(2) error("failed at " .. p)`,
		"a part in an error with a table":   `error({message = c:sub(2)})`,
		"a log line":                        `print(c:sub(1, 10), c:match("%a+"))`,
		"a header":                          `msg.header = "x" .. (c:match("%w+") or "") add_header("X-Part", "x" .. (c:match("%a+") or ""))`,
		"a reply":                           `if c:sub(1, 3) == "end" then return reject(c:sub(1, 3), c:match("e(.*)")) end`,
		"a coroutine that has a part":       `local p = c:sub(1, 8) local co = coroutine.wrap(function() coroutine.yield() return p end) co() keep(co)`,
		"a pattern error":                   `keep(pcall(string.find, "x", "[" .. c:sub(1, 3))) if #c == 3 then c:find("[") end`,
		"a bad argument":                    `if #c == 3 then c:sub({}) end`,
		"a part of a part":                  `keep(c:sub(3):sub(2):match(".(.*)"))`,
		"string functions on other strings": `local s = "other " .. #c keep(s:sub(2), s:match("%d+"), s:upper())`,
		"a function that is called with it": `keep(helper and 1) local p = c:sub(1, 5) keep(tostring(p), p:rep(2), ("%s"):format(p), select(1, p))`,
	} {
		t.Run(name, func(t *testing.T) {
			src := dump + "function on_body(c)\n" + body + "\nend\n"
			f := load(t, src)
			if !f.script.ForgetsBody() {
				t.Fatal("the script is taken for one that keeps chunks")
			}
			got, want := judge(f, someChunks, true), judge(load(t, src), someChunks, false)
			if a, b := pathless(got), pathless(want); a != b {
				t.Errorf("got\n%s\nwant\n%s", a, b)
			}
		})
	}
}

// pathless is a text without the folder of the script.
func pathless(s string) string {
	var out []string
	for _, word := range strings.Fields(s) {
		if i := strings.LastIndex(word, "filter.lua"); i >= 0 {
			word = word[i:]
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

func TestScriptsThatMayKeepAChunkAreFound(t *testing.T) {
	for name, src := range map[string]string{
		"a field of msg":                     `function on_body(c) msg.a = c end`,
		"a function that it does not define": `function on_body(c) helper(c) end`,
		"a local for the library":            `local string = {sub = function(s) kept = s end} function on_body(c) string.sub(c) end`,
		"a string function of its own":       `local kept function string.sub(s) kept = s end function on_body(c) c:sub(1) end`,
		"another on_body at the end":         `function on_body(c) end local f = on_body function g(c) return c end on_body = function(c) f(g(c)) end`,
		"a varying number of arguments":      `function on_body(...) print(...) end`,
		"a coroutine":                        `function on_body(c) coroutine.wrap(function() print(c) end)() end`,
	} {
		if load(t, src).script.ForgetsBody() {
			t.Errorf("%s: not found", name)
		}
	}
	if !load(t, `function on_eom() end`).script.ForgetsBody() {
		t.Error("a script without on_body keeps chunks")
	}
}

// What a script does while it loads may differ from state to state.
func TestStateThatKeepsWhatOthersDoNotGetsACopy(t *testing.T) {
	f := &fixture{t: t}
	env := testEnv(&f.log)
	states := 0
	env.Modules["count"] = func(L *lua.LState) int {
		states++
		L.Push(lua.LNumber(states))
		return 1
	}
	src := dump + "if require('count') > 1 then string.sub = function(s) return keep(s) end end\nfunction on_body(c)\nc:sub(1)\nend\n"
	script, err := Load(t.Context(), writeScripts(t, "filter.lua", src), env)
	if err != nil {
		t.Fatal(err)
	}
	if !script.ForgetsBody() {
		t.Fatal("the first state keeps chunks")
	}
	with := load(t, src[strings.Index(src, "function on_body"):])
	f.script, f.scope = script, with.scope
	f.scope.Log = env.Log
	if f.state, err = script.NewState(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := judge(f, someChunks, true)
	if !strings.Contains(got, someChunks[0]) || strings.Contains(got, "#") {
		t.Errorf("got %s", got)
	}
}

// bodyWriter writes an on_body from parts that keep what they can.
type bodyWriter struct {
	r     *rand.Rand
	depth int
}

func (w *bodyWriter) pick(list ...string) string { return list[w.r.IntN(len(list))] }

// expr is an expression; one in thirty uses the chunk as such.
func (w *bodyWriter) expr() string {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > 4 || w.r.IntN(4) == 0 {
		return w.pick("c:sub(1, 9)", "c:sub(3)", "c:match('%a+')", "c:match('(%a)(%a+)')", "(c:find('(%a+)'))", "#c", "c:upper()", "'x'", "1", "x", "nil")
	}
	if w.r.IntN(30) == 0 {
		return w.pick("c", "c .. ''", "{c}", "c:rep(1)", "function() return c end", "(c or 1)", "tostring(c)", "c:gmatch('.*')")
	}
	switch w.r.IntN(12) {
	case 0:
		return "c:lower():sub(1, 40)"
	case 1:
		return fmt.Sprintf("(c:gsub('%%a', %s))", w.pick("keep", "'%0%0'", "{T = 'x'}", "function(a) x = a end"))
	case 2:
		return "string.sub(c, " + w.pick("1", "#c", "-4") + ")"
	case 3:
		return "{" + w.expr() + ", k = " + w.expr() + ", [#c] = " + w.expr() + "}"
	case 4:
		return "tostring(" + w.expr() + ")"
	case 5:
		return "(" + w.expr() + " == " + w.pick("c", w.expr()) + ")"
	case 6:
		return "(" + w.expr() + w.pick(" and ", " or ") + w.expr() + ")"
	case 7:
		return "function() return " + w.pick("x", "y", "'f'") + " end"
	case 8:
		return "select(2, 1, " + w.expr() + ")"
	case 9:
		return "(tostring(" + w.expr() + ") .. 's')"
	case 10:
		return "pcall(keep, " + w.expr() + ")"
	}
	return "keep(" + w.expr() + ", c:find('(%a)(.*)'))"
}

func (w *bodyWriter) stmt() string {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > 4 {
		return "keep(" + w.expr() + ")"
	}
	switch w.r.IntN(12) {
	case 0:
		return "x = " + w.expr()
	case 1:
		return "local y = " + w.expr() + "\nkeep(y)"
	case 2:
		return "msg.a = tostring(" + w.expr() + ")"
	case 3:
		return "for a, b in c:gmatch('(%a)(%a*)') do\n" + w.stmt() + "\nkeep(a, b)\nend"
	case 4:
		return "if " + w.expr() + " then\n" + w.stmt() + "\nelse\n" + w.stmt() + "\nend"
	case 5:
		return "x, y = " + w.expr() + ", " + w.expr()
	case 6:
		return "for i = 1, 3 do\n" + w.stmt() + "\nend"
	case 7:
		return "repeat\nlocal z = " + w.expr() + "\nkeep(z)\nuntil true or z == c"
	case 8:
		return "print(" + w.expr() + ")"
	case 9:
		return "local f = function(...) local u, v\nkeep(u, v, x) return x, ... end\nkeep(f(" + w.expr() + "), f)"
	case 10:
		return "do local u, v, w\nkeep(u, v, w) end"
	}
	return "keep(" + w.expr() + ", " + w.expr() + ")"
}

// anyScript is a script with an on_body that keeps what it can.
func anyScript(seed uint64) string {
	w := &bodyWriter{r: rand.New(rand.NewPCG(seed, 1))}
	var b strings.Builder
	b.WriteString(dump + "local y\nfunction on_body(c)\nlocal x = 0\n")
	for range w.r.IntN(5) + 1 {
		b.WriteString(w.stmt() + "\n")
	}
	b.WriteString("end\n")
	return b.String()
}

// checkForgetting judges in shared and in own memory: nothing may differ.
func checkForgetting(t *testing.T, seed uint64) (forgets bool) {
	src := anyScript(seed)
	f := load(t, src)
	if !f.script.ForgetsBody() {
		return false
	}
	got, want := pathless(judge(f, someChunks, true)), pathless(judge(load(t, src), someChunks, false))
	if strings.Contains(got, "0x") {
		return true // the address of a function or a table
	}
	if got != want {
		t.Errorf("seed %d: %s\ngot\n%s\nwant\n%s", seed, src, got, want)
	}
	return true
}

func TestNoScriptSeesThatMemoryIsReadOver(t *testing.T) {
	found := 0
	for seed := range uint64(300) {
		if checkForgetting(t, seed) {
			found++
		}
	}
	if found < 100 {
		t.Errorf("only %d scripts forget their chunks", found)
	}
}

func FuzzForgetting(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { checkForgetting(t, seed) })
}
