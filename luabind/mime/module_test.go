package mime

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// run runs Lua with the message as the global m, as on_message does, and gives what it returns as a string.
func run(t *testing.T, m *Message, permit func(*lua.LState, string), src string) (string, error) {
	t.Helper()
	fuel := guard.NewFuel(nil)
	fuel.Begin(30*time.Second, nil)
	L := guard.NewState(guard.Options{Fuel: fuel})
	defer L.Close()
	value, release := Push(L, m, permit)
	defer release()
	L.SetGlobal("m", value)
	chunk, err := guard.Compile("filter.lua", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.Run(L, chunk, 1); err != nil {
		return "", err
	}
	return L.Get(-1).String(), nil
}

const sampleMail = `From: "=?utf-8?Q?J=C3=B6rg?=" <a@example.org>, b@Example.org
To: group: c@example.net, d@example.net;
Subject: =?utf-8?B?R3LDvMOfZQ==?=
X-Tag: one
X-Tag: two
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--b
Content-Type: text/html

<p>x</p><script>evil()</script></BODY>
--b
Content-Type: application/octet-stream; name="a.exe"
Content-Transfer-Encoding: base64

aGk=
--b--
`

func TestWhatAScriptReads(t *testing.T) {
	tests := []struct{ lua, want string }{
		{`return m.subject`, "Grüße"},
		{`return m.from[1].name .. "," .. m.from[1].address .. "," .. m.from[2].localpart .. "," .. m.from[2].domain`, "Jörg,a@example.org,b,Example.org"},
		{`return #m.to .. m.to[1].group`, "2group"},
		{`return #m.cc`, "0"},
		{`return m.date`, "1795262400"},
		{`return m.message_id`, "<1@example.org>"},
		{`return m:header("x-tag") .. m:header("X-Tag", 2)`, "onetwo"},
		{`return m:header("X-Tag", 3)`, "nil"},
		{`return m:raw_header("Subject")`, " =?utf-8?B?R3LDvMOfZQ==?="},
		{`local s = "" for n, v, i in m:headers() do if n == "X-Tag" then s = s .. v .. i end end return s`, "one1two2"},
		{`return m.text`, "Grüße"},
		{`return m.html`, "<p>x</p><script>evil()</script></BODY>"},
		{`return #m.raw - #m.body`, fmt.Sprint(len(crlf(sampleMail[:strings.Index(sampleMail, "--b\n")])))},
		{`return m.size == #m.raw`, "true"},
		{`return m.defects[1]:match("^From: ")`, "From: "}, // two senders
		{`local s = "" for p in m:parts() do s = s .. p.index .. p.depth .. p.type .. " " end return s`, "11text/plain 21text/html 31application/octet-stream "},
		{`local p = m:attachments()() return p.filename .. p.names[1] .. p.content .. p.params.name .. p.encoding .. #p.members`, "a.exea.exehia.exebase640"},
		{`local p = m:parts()() return p.charset .. p.content:byte(3) .. tostring(p.filename) .. tostring(p.disposition)`, "iso-8859-1252nilnil"},
		{`local p = m:parts()() return p == m:parts()()`, "true"},
		{`local p = m:parts()() return p:header("content-type") .. #p.raw`, "text/plain; charset=iso-8859-1102"},
	}
	for _, tt := range tests {
		got, err := run(t, Parse(crlf(sampleMail)), nil, tt.lua)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.lua, got, err, tt.want)
		}
	}
}

func TestWhatAScriptChanges(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"set a header", `m:set_header("Subject", "[extern] " .. m.subject) return m.subject`, "[extern] Grüße"},
		{"set one that is there twice", `m:set_header("x-tag", "three") return m:header("X-Tag") .. tostring(m:header("X-Tag", 2))`, "threenil"},
		{"add a header", `m:add_header("X-Tag", "three") return m:header("X-Tag", 3)`, "three"},
		{"delete one", `return m:delete_header("X-Tag", 1) .. m:header("X-Tag")`, "1two"},
		{"delete all", `return m:delete_header("X-Tag") .. tostring(m:header("X-Tag"))`, "2nil"},
		{"replace a part", `for p in m:attachments() do p:replace{filename = "WARNING.TXT", content = "removed"} end
			local p = m:attachments()() return p.filename .. p.type .. p.content`, "WARNING.TXTtext/plainremoved"},
		{"remove a part", `for p in m:attachments() do p:remove() end return tostring(m:attachments()())`, "nil"},
		{"set content", `for p in m:parts() do if p.type == "text/plain" then p:set_content("né") end end return m.text`, "né"},
		{"add a part", `local p = m:add_part{type = "image/png", filename = "x.png", content = "\1\2"} return p.index .. p.filename .. #p.content`, "4x.png2"},
		{"add a footer", `m:add_footer{text = "-- \nfooter"} return m.text .. "|" .. m.html`,
			"Grüße\r\n-- \r\nfooter\r\n|<p>x</p><script>evil()</script><p>-- <br>\r\nfooter</p>\r\n</BODY>"},
		{"remove scripts", `return m:remove_scripts() .. m.html`, "1<p>x</p><!-- script removed --></BODY>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := run(t, Parse(crlf(sampleMail)), nil, tt.lua)
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestWhatAScriptDoesWrong(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"an unknown field", `return m.subjct`, "a message has no field 'subjct'"},
		{"an assigned field", `m.subject = "x"`, "'subject' of a message can't be assigned"},
		{"a method without colon", `m.header("x")`, "bad argument #1 to 'header' (message expected, got string"},
		{"a part's method on a message", `m:parts()().remove(m)`, "bad argument #1 to 'remove' (part expected, got userdata"},
		{"no name", `m:header()`, "bad argument #2 to 'header' (name: string expected, got no value)"},
		{"a header in the header", `m:set_header("X", "a\nBcc: x")`, "may not stand in a header field"},
		{"a bad name", `m:add_header("X Y", "a")`, "may not stand in the name of a header field"},
		{"a bad type", `m:add_part{type = "x", content = ""}`, `"x" is no media type`},
		{"a multipart", `m:add_part{type = "multipart/mixed", content = ""}`, "a part of type multipart/mixed can't be made"},
		{"no content", `m:parts()():replace{}`, "content: string expected, got nil"},
		{"an unknown field of a part", `m:add_part{content = "", name = "x"}`, "no such field; there are type, filename"},
		{"an empty footer", `m:add_footer{}`, "text or html expected"},
		{"a part that is gone", `local p = m:parts()() p:remove() p:remove()`, "the part is no longer in the message"},
		{"the metatable", `return getmetatable(m).__index`, "attempt to index"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Parse(crlf(sampleMail))
			_, err := run(t, m, nil, tt.lua)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "filter.lua:1:") {
				t.Errorf("got %v, want filter.lua:1: and %q", err, tt.want)
			}
		})
	}
}

func TestAMessageThatIsOver(t *testing.T) {
	fuel := guard.NewFuel(nil)
	fuel.Begin(10*time.Second, nil)
	L := guard.NewState(guard.Options{Fuel: fuel})
	defer L.Close()
	value, release := Push(L, Parse(crlf(sampleMail)), nil)
	L.SetGlobal("m", value)
	exec := func(src string) error {
		chunk, err := guard.Compile("filter.lua", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return guard.Run(L, chunk, 0)
	}
	if err := exec(`p = m:parts()() it = m:parts() hs = m:headers()`); err != nil {
		t.Fatal(err)
	}
	release()
	for _, src := range []string{`return m.subject`, `m:set_header("X", "y")`, `return p.type`, `p:remove()`, `it()`, `hs()`} {
		if err := exec(src); err == nil || !strings.Contains(err.Error(), "the message is over") {
			t.Errorf("%s: got %v, want that the message is over", src, err)
		}
	}
}

func TestAnEditThatIsNotPermitted(t *testing.T) {
	for _, tt := range []struct{ lua, need string }{
		{`m:set_header("Subject", "x")`, NeedChangeHeader},
		{`m:delete_header("Subject")`, NeedChangeHeader},
		{`m:add_header("X", "x")`, NeedAddHeader},
		{`m:parts()():remove()`, NeedReplaceBody},
		{`m:add_footer{text="x"}`, NeedReplaceBody},
	} {
		m := Parse(crlf(sampleMail))
		permit := func(L *lua.LState, what string) {
			if what == tt.need {
				L.RaiseError("not offered: %s", what)
			}
		}
		_, err := run(t, m, permit, tt.lua)
		if err == nil || !strings.Contains(err.Error(), "not offered: "+tt.need) {
			t.Errorf("%s: got %v, want it refused", tt.lua, err)
		}
		if got := string(m.Raw()); got != string(crlf(sampleMail)) {
			t.Errorf("%s: got %q, want it undone", tt.lua, got)
		}
		if _, err := run(t, m, func(L *lua.LState, what string) {
			if what != tt.need {
				L.RaiseError("%s was asked for too", what)
			}
		}, tt.lua); err != nil {
			t.Errorf("%s: %v", tt.lua, err)
		}
	}
}

func TestNamesInAnArchive(t *testing.T) {
	pack := func(name string, data []byte) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	m := Parse(crlf(sampleMail))
	if _, err := m.AddPart(Content{Type: "application/zip", Filename: "x.zip", Data: pack("inner.zip", pack("evil.exe", []byte("hi")))}); err != nil {
		t.Fatal(err)
	}
	got, err := run(t, m, nil, `local s = "" for p in m:attachments() do for _, n in ipairs(p.members) do s = s .. n .. " " end end return s`)
	if err != nil || !strings.Contains(got, "inner.zip") || !strings.Contains(got, "evil.exe") {
		t.Errorf("got %q, %v, want both names", got, err)
	}
}

func TestModule(t *testing.T) {
	loadScript(t, `local mime = require "mime"
		local m = mime.parse("Subject: a\n\nbody\n")
		m:set_header("Subject", "b")
		assert(m.raw == "Subject: b\n\nbody\n", m.raw)
		assert(m.text == "body\n")
		assert(not pcall(mime.parse))
		function on_mail() end`)
}

// TestPage runs the first example of the module's page.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/mime.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```lua\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	loadScript(t, example+"function on_mail() end")
}

func loadScript(t *testing.T, src string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := luabind.Load(t.Context(), path, luabind.Env{
		Modules: map[string]lua.LGFunction{"mime": Open}, Memory: guard.NewMemory(0), LoadLimit: 10 * time.Second,
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAScriptThatRunsOut(t *testing.T) {
	fuel := guard.NewFuel(nil)
	L := guard.NewState(guard.Options{Fuel: fuel})
	defer L.Close()
	m := Parse(crlf(sampleMail))
	value, release := Push(L, m, nil)
	defer release()
	L.SetGlobal("m", value)
	chunk, err := guard.Compile("filter.lua", []byte(`while true do m:parts()():set_content(("x"):rep(100000)) end`))
	if err != nil {
		t.Fatal(err)
	}
	mark := m.Mark()
	fuel.BeginAt(time.Now().Add(-time.Second), nil)
	if err := guard.Run(L, chunk, 0); err == nil || fuel.Err() == nil {
		t.Errorf("got %v, want it interrupted", err)
	}
	m.Restore(mark)
	if got := string(m.Raw()); got != string(crlf(sampleMail)) {
		t.Errorf("got %q, want the message as it was", got)
	}
}
