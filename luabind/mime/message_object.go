package mime

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// messageFields are what m.name gives.
var messageFields = map[string]func(o *object, L *lua.LState) lua.LValue{
	"subject":    func(o *object, L *lua.LState) lua.LValue { return stringOrNil(o.m.Header("Subject", 1)) },
	"message_id": func(o *object, L *lua.LState) lua.LValue { return stringOrNil(o.m.Header("Message-ID", 1)) },
	"from":       func(o *object, L *lua.LState) lua.LValue { return o.addresses(L, "From") },
	"to":         func(o *object, L *lua.LState) lua.LValue { return o.addresses(L, "To") },
	"cc":         func(o *object, L *lua.LState) lua.LValue { return o.addresses(L, "Cc") },
	"reply_to":   func(o *object, L *lua.LState) lua.LValue { return o.addresses(L, "Reply-To") },
	"date":       messageDate,
	"size":       func(o *object, L *lua.LState) lua.LValue { return lua.LNumber(o.m.Size()) },
	"body":       messageBody,
	"raw":        messageRaw,
	"text":       func(o *object, L *lua.LState) lua.LValue { return o.text(L, o.m.TextPart()) },
	"html":       func(o *object, L *lua.LState) lua.LValue { return o.text(L, o.m.HTMLPart()) },
	"defects":    messageDefects,
}

// messageMethods are called as m:name(...).
var messageMethods = map[string]lua.LGFunction{
	"header":         messageHeader,
	"raw_header":     messageRawHeader,
	"headers":        messageHeaders,
	"set_header":     messageSetHeader,
	"add_header":     messageAddHeader,
	"delete_header":  messageDeleteHeader,
	"parts":          messageParts,
	"attachments":    messageAttachments,
	"add_part":       messageAddPart,
	"add_footer":     messageAddFooter,
	"remove_scripts": messageRemoveScripts,
}

func messageDate(o *object, L *lua.LState) lua.LValue {
	t, ok := o.m.Date()
	if !ok {
		return lua.LNil
	}
	return lua.LNumber(t.Unix())
}

func messageBody(o *object, L *lua.LState) lua.LValue {
	return o.keep(o, "body", func() lua.LValue {
		guard.FuelOf(L).Alloc(L, o.m.BodySize())
		return bytesOf(L, o.m.Body())
	})
}

func messageRaw(o *object, L *lua.LState) lua.LValue {
	return o.keep(o, "raw", func() lua.LValue {
		guard.FuelOf(L).Alloc(L, o.m.Size())
		return bytesOf(L, o.m.Raw())
	})
}

func messageDefects(o *object, L *lua.LState) lua.LValue {
	return list(L, o.m.Defects())
}

// text is the content of a part in UTF-8, nil for no part.
func (o *object) text(L *lua.LState, p *Part) lua.LValue {
	if p == nil {
		return lua.LNil
	}
	return o.keep(p, "text", func() lua.LValue {
		return bytesOf(L, p.Text())
	})
}

// addresses are those of the fields of a name, as a list that is empty if there is none.
func (o *object) addresses(L *lua.LState, name string) lua.LValue {
	t := L.NewTable()
	for _, a := range o.m.Addresses(name) {
		guard.FuelOf(L).Alloc(L, 1024) // what a table takes
		entry := L.NewTable()
		entry.RawSetString("name", lua.LString(a.Name))
		entry.RawSetString("address", lua.LString(a.Address))
		entry.RawSetString("localpart", lua.LString(a.Local))
		entry.RawSetString("domain", lua.LString(a.Domain))
		if a.Group != "" {
			entry.RawSetString("group", lua.LString(a.Group))
		}
		t.Append(entry)
	}
	return t
}

// messageHeader is m:header(name [, n]).
func messageHeader(L *lua.LState) int {
	o, a := receiver(L, "header"), luabind.Args{L: L, Name: "header"}
	L.Push(stringOrNil(o.m.Header(a.String(2, "name"), fieldIndex(a, 3))))
	return 1
}

// messageRawHeader is m:raw_header(name [, n]).
func messageRawHeader(L *lua.LState) int {
	o, a := receiver(L, "raw_header"), luabind.Args{L: L, Name: "raw_header"}
	L.Push(stringOrNil(o.m.RawHeader(a.String(2, "name"), fieldIndex(a, 3))))
	return 1
}

// messageHeaders is m:headers().
func messageHeaders(L *lua.LState) int {
	o := receiver(L, "headers")
	return o.iterateFields(L, o.m.Fields())
}

// messageSetHeader is m:set_header(name, value).
func messageSetHeader(L *lua.LState) int {
	o, a := receiver(L, "set_header"), luabind.Args{L: L, Name: "set_header"}
	name, value := a.String(2, "name"), a.String(3, "value")
	charge(L)(8 * len(value))
	o.edit(L, "set_header", func() error { return o.m.SetHeader(name, value) })
	return 0
}

// messageAddHeader is m:add_header(name, value).
func messageAddHeader(L *lua.LState) int {
	o, a := receiver(L, "add_header"), luabind.Args{L: L, Name: "add_header"}
	name, value := a.String(2, "name"), a.String(3, "value")
	charge(L)(8 * len(value))
	o.edit(L, "add_header", func() error { return o.m.AddHeader(name, value) })
	return 0
}

// messageDeleteHeader is m:delete_header(name [, n]).
func messageDeleteHeader(L *lua.LState) int {
	o, a := receiver(L, "delete_header"), luabind.Args{L: L, Name: "delete_header"}
	name, n := a.String(2, "name"), 0
	if !a.Absent(3) {
		n = a.Integer(3, "n", 1)
	}
	deleted := 0
	o.edit(L, "delete_header", func() error {
		deleted = o.m.DeleteHeader(name, n)
		return checkName(name)
	})
	L.Push(lua.LNumber(deleted))
	return 1
}

// messageParts is m:parts().
func messageParts(L *lua.LState) int {
	o := receiver(L, "parts")
	return o.iterate(L, o.m.Parts())
}

// messageAttachments is m:attachments().
func messageAttachments(L *lua.LState) int {
	o := receiver(L, "attachments")
	return o.iterate(L, o.m.Attachments())
}

// iterate gives an iterator over parts, less those that are gone by their turn.
func (o *object) iterate(L *lua.LState, parts []*Part) int {
	i := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		o.use(L)
		for ; i < len(parts); i++ {
			if p := parts[i]; p.attached() {
				i++
				L.Push(o.part(L, p))
				return 1
			}
		}
		L.Push(lua.LNil)
		return 1
	}))
	return 1
}

// messageAddPart is m:add_part{type=, filename=, disposition=, content=}.
func messageAddPart(L *lua.LState) int {
	o, c := receiver(L, "add_part"), content(luabind.Args{L: L, Name: "add_part"}, 2)
	var p *Part
	o.edit(L, "add_part", func() (err error) {
		p, err = o.m.AddPart(c)
		return err
	})
	L.Push(o.part(L, p))
	return 1
}

// messageAddFooter is m:add_footer{text=, html=}.
func messageAddFooter(L *lua.LState) int {
	o, a := receiver(L, "add_footer"), luabind.Args{L: L, Name: "add_footer"}
	var text, html string
	a.Table(2, "footer").ForEach(func(k, v lua.LValue) {
		s, ok := v.(lua.LString)
		switch {
		case !ok:
			a.Fail(2, k.String(), "string expected, got "+v.Type().String())
		case k == lua.LString("text"):
			text = string(s)
		case k == lua.LString("html"):
			html = string(s)
		default:
			a.Fail(2, k.String(), "no such field; there are text and html")
		}
	})
	if text == "" && html == "" {
		a.Fail(2, "footer", "text or html expected, or both")
	}
	n := 8 * (len(text) + len(html))
	for _, p := range []*Part{o.m.TextPart(), o.m.HTMLPart()} {
		if p != nil {
			n += 6 * p.ContentSize()
		}
	}
	guard.FuelOf(L).Alloc(L, n)
	o.edit(L, "add_footer", func() error { return o.m.AddFooter(text, html) })
	return 0
}

// messageRemoveScripts is m:remove_scripts().
func messageRemoveScripts(L *lua.LState) int {
	o, n := receiver(L, "remove_scripts"), 0
	for _, p := range o.m.Parts() {
		if p.html() {
			guard.FuelOf(L).Alloc(L, 4*p.ContentSize())
		}
	}
	o.edit(L, "remove_scripts", func() (err error) {
		n, err = o.m.RemoveScripts()
		return err
	})
	L.Push(lua.LNumber(n))
	return 1
}
