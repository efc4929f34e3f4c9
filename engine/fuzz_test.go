package engine

import (
	"io"
	"strings"
	"testing"

	"luamilter/protocol"
)

// everything uses all that a message can hold, so that each byte of a frame gets as far as a script.
const everything = `
	negotiate { leading_space = true, rejected_recipients = true }
	local function keep(...) msg.seen = { ... } return nil end
	function on_connect(h, f, a, p) conn.seen = { h, f, a or "", p or 0 } return nil end
	function on_helo(n) conn.helo_seen = n return nil end
	on_mail, on_rcpt, on_header = keep, keep, keep
	function on_body(c) msg.body = (msg.body or "") .. c:upper():gsub("%s+$", "") return nil end
	function on_unknown(c) return reject(500, "5.5.1", (c:gsub("%c", " "))) end
	function on_eom()
		add_header("X-Sender", (msg.sender:gsub("%c", " ")))
		add_header("X-Helo", ((conn.helo or ""):gsub("%c", " ")))
		for _, r in ipairs(msg.recipients) do pcall(delete_recipient, r) end
		delete_header("Subject")
	end
	function on_message(m)
		local seen = { m.subject or "", #m.from, m.text or "", m.html or "", m.date or 0, #m.defects, m.size - #m.raw }
		assert(seen[7] == 0)
		for name, value in m:headers() do seen.header = name .. value end
		for part in m:parts() do
			seen[part.index] = { part.type, part.filename or "", part.content, part.text, #part.names, part:raw_header("Content-Type") or "" }
		end
		m:set_header("Subject", "x" .. (m.subject or ""):gsub("%c", ""))
		m:remove_scripts()
		for part in m:attachments() do part:replace { filename = "WARNING.TXT", content = "removed: " .. part.filename } end
		m:add_footer { text = "footer" }
		m:add_part { content = m.body }
		m:delete_header("X")
	end`

// FuzzConnection feeds a host with what a stranger may send on the milter's socket. It must not panic.
func FuzzConnection(f *testing.F) {
	frame := func(code byte, data string) string {
		n := len(data) + 1
		return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), code}) + data
	}
	f.Add([]byte(frame('C', "mx\x004\x00\x19192.0.2.1\x00") + frame('H', "helo\x00") + frame('M', "<a@b>\x00SIZE=1\x00") +
		frame('D', "Ri\x004Q1\x00") + frame('R', "<c@d>\x00") + frame('L', "Subject\x00 x\x00") + frame('N', "") +
		frame('B', "body\r\n") + frame('E', "") + frame('Q', "")))
	multi := "--b\r\nContent-Type: text/html\r\n\r\n<script>x</script>\r\n--b\r\nContent-Disposition: attachment; filename=a.exe\r\n\r\nx\r\n--b--\r\n"
	f.Add([]byte(frame('M', "<a@b>\x00") + frame('L', "Content-Type\x00 multipart/mixed; boundary=b\x00") + frame('L', "X\x00y\x00") +
		frame('N', "") + frame('B', multi[:50]) + frame('B', multi[50:]) + frame('E', "") + frame('Q', "")))
	f.Add([]byte(frame('C', "x\x00U") + frame('U', "XFOO\xff\x00") + frame('M', "<>\x00") + frame('A', "") + frame('K', "") + frame('C', "y\x00U")))
	f.Add([]byte{0, 0, 0, 0})
	r := newRig(f, func(c *Config) { c.SpoolSize = 64 }, everything)
	f.Fuzz(func(t *testing.T, data []byte) {
		conn := r.dial()
		c := protocol.NewClient(conn)
		if _, err := c.Negotiate(offerAll); err != nil {
			t.Fatal(err)
		}
		drained := make(chan struct{})
		go func() {
			io.Copy(io.Discard, conn)
			close(drained)
		}()
		conn.Write(data) // an error: the host has closed the connection
		conn.Close()
		<-drained
		for _, line := range r.log.lines(t, "connection closed early") {
			if line["stack"] != nil {
				t.Fatalf("panic: %v", line)
			}
		}
		for _, line := range r.log.lines(t, "script failed") {
			if line["kind"] == "panic" {
				t.Fatalf("panic: %v", line)
			}
		}
		r.log.reset()
	})
}

func TestTheScriptOfTheFuzzTargetRunsToItsEnd(t *testing.T) {
	r := newRig(t, func(c *Config) { c.SpoolSize = 64 }, everything)
	_, body := changes(r.connect().deliver(multipart))
	if got := r.failures(); len(got) > 0 || !strings.Contains(body, "removed: setup.exe") || !strings.Contains(body, "=2D-b1--") {
		t.Errorf("got body %q and failures %q", body, got)
	}
}
