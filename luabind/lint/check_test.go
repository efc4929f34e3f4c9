package lint

import (
	"strings"
	"testing"
)

// TestWhatIsNotSureIsNotTold has scripts that are right, or of which that can't be seen.
func TestWhatIsNotSureIsNotTold(t *testing.T) {
	for name, src := range map[string]string{
		"a helper that one of its callbacks may call": `
			local function mark() add_header("X", "y") end
			function on_helo(name) if name == "" then mark() end end
			function on_eom() mark() end`,
		"a helper that is handed on": `
			local function mark() add_header("X", "y") end
			local handlers = { mark }
			function on_connect() mark() print(handlers) end`,
		"a global helper that is handed on": `
			function mark() add_header("X", "y") end
			local handlers = { mark }
			function on_connect() mark() print(handlers) end`,
		"a closure that runs later": `
			local function maker() return function() quarantine("x") end end
			local act = maker()
			function on_eom() act() end`,
		"a local of the name of a function":      `local function reject(_, x) return x end function on_mail(s) return reject(450, s) end`,
		"a global of the script's own":           `function greet(s) print(s) end function on_mail(s) greet(s) end`,
		"a global that is made by its name":      `_G["gre" .. "et"] = print function on_mail(s) greet(s) end`,
		"a function that is put into a library":  `function string.trim(s) return s end function on_mail(s) print(string.trim(s)) end`,
		"a field that only a variable names":     `function on_mail(s) msg[s] = 1 print(msg.sendr) end`,
		"numbers in the text of a reply":         `function on_mail(s) return reject("550 mails a day are too many", "5.7.1") end function on_helo() return tempfail(450, "4.7.1", "4.7.1") end`,
		"an argument that is not known":          `function on_header(n, v) insert_header(#v, n, v) return reject(tonumber(v), n, v) end`,
		"arguments whose number is not known":    `function on_header(...) add_header(...) add_header("X", select(2, ...)) end`,
		"a macro of the connection, later":       `function on_eom() print(macro("{daemon_name}"), macro("i")) end`,
		"a verdict that was made at load":        `local no = skip() function on_body() return no end`,
		"names that say that they are not meant": `local _, b = ("x"):find("x") function on_mail(_sender) local _x = b end`,
		"a text that only begins like a code":    `function on_mail() return reject("5 messages", "550 messages", "4.2 GB are too much") end`,
		"a code that is looked at before":        `local code = 450 function on_mail() if code > 499 then return reject(code) end end`,
		"a code that may be a number":            `function on_mail(s) return reject(tonumber(s), "5.7.1", s) end`,
		"a method of the message by its name":    `function on_message(m) local set = m.set_header set(m, "X", "y") m.set_header(m, "X", "z") end`,
		"a function that counts and goes on":     `local function seen() conn.n = 1 return continue() end function on_mail() seen() end`,
		"a function in two callbacks":            `local function h() return discard() end on_connect = h on_mail = h`,
		"functions that call each other":         `local g local function f(n) return g(n) end g = function(n) return f(n) end function on_close() f(1) end`,
		"what is looked for before it is used":   `local unpack = table.unpack or unpack if not utf8 then print(unpack) end function on_mail() end`,
		"recursion between local functions":      `local f local function g() return f() end f = function() return g end function on_mail() print(f()) end`,
	} {
		var told []string
		for _, f := range check(t, strings.TrimSpace(src), Options{}) {
			if f.Rule != "assigned-local" {
				told = append(told, f.String())
			}
		}
		if len(told) > 0 {
			t.Errorf("%s: got %q, want nothing", name, told)
		}
	}
}

func TestNoMoreIsToldThanHelps(t *testing.T) {
	src := "function on_mail()\n" + strings.Repeat("nothing()\n", 2*mostFindings) + "end"
	if got := len(check(t, src, Options{})); got != mostFindings {
		t.Errorf("got %d findings, want %d", got, mostFindings)
	}
}
