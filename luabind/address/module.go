package address

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// Open makes the Lua module address.
func Open(L *lua.LState) int {
	L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"parse":      luaParse,
		"list":       luaList,
		"format":     luaFormat,
		"domain":     luaDomain,
		"org_domain": luaOrgDomain,
		"same_org":   luaSameOrg,
		"to_ascii":   func(L *lua.LState) int { return luaConvert(L, "address.to_ascii", ToASCII) },
		"to_unicode": func(L *lua.LState) int { return luaConvert(L, "address.to_unicode", ToUnicode) },
	}))
	return 1
}

// text takes argument n, and charges for reading it.
func text(a luabind.Args, n int, arg string) string {
	s := a.String(n, arg)
	size := min(len(s), mostBytes)
	fuel := guard.FuelOf(a.L)
	fuel.Charge(a.L, size+100)
	fuel.Alloc(a.L, 32*size) // tokens and strings
	return s
}

// address.parse(s) -> table | nil, message
func luaParse(L *lua.LState) int {
	s := text(luabind.Args{L: L, Name: "address.parse"}, 1, "s")
	a, err := one(s)
	if err != nil {
		return failed(L, err)
	}
	L.Push(table(L, a))
	return 1
}

// one is Parse with the reason why there is not one address.
func one(s string) (Address, error) {
	if a, ok := Parse(s); ok {
		return a, nil
	}
	list, _ := ParseList(s)
	switch {
	case len(list) > 1:
		return Address{}, fmt.Errorf("%d addresses in %s", len(list), shorten(s))
	case len(list) == 1 && list[0].Group != "":
		return Address{}, fmt.Errorf("a group, not an address: %s", shorten(s))
	}
	return Address{}, fmt.Errorf("no address in %s", shorten(s))
}

// shorten quotes a value for a message.
func shorten(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%q...", s[:80])
	}
	return fmt.Sprintf("%q", s)
}

func failed(L *lua.LState, err error) int {
	L.Push(lua.LNil)
	L.Push(lua.LString(err.Error()))
	return 2
}

// address.list(s) -> list, defects
func luaList(L *lua.LState) int {
	found, defects := ParseList(text(luabind.Args{L: L, Name: "address.list"}, 1, "s"))
	list, problems := L.NewTable(), L.NewTable()
	for _, a := range found {
		list.Append(table(L, a))
	}
	for _, d := range defects {
		problems.Append(lua.LString(d))
	}
	L.Push(list)
	L.Push(problems)
	return 2
}

func table(L *lua.LState, a Address) *lua.LTable {
	guard.FuelOf(L).Alloc(L, 1024) // what the table takes, about
	t := L.NewTable()
	t.RawSetString("name", lua.LString(a.Name))
	t.RawSetString("address", lua.LString(a.Address))
	t.RawSetString("localpart", lua.LString(a.Local))
	t.RawSetString("domain", lua.LString(a.Domain))
	if a.Group != "" {
		t.RawSetString("group", lua.LString(a.Group))
	}
	return t
}

// address.format{name=, address=} or address.format{name=, localpart=, domain=} -> string | nil, message
func luaFormat(L *lua.LState) int {
	args := luabind.Args{L: L, Name: "address.format"}
	t := args.Table(1, "address")
	field := func(name string) string {
		switch v := t.RawGetString(name).(type) {
		case *lua.LNilType:
			return ""
		case lua.LString:
			if len(v) > mostBytes {
				args.Fail(1, "address", "field "+name+": longer than 1 MiB")
			}
			guard.FuelOf(L).Charge(L, len(v))
			guard.FuelOf(L).Alloc(L, 4*len(v))
			return string(v)
		default:
			args.Fail(1, "address", "field "+name+": string expected, got "+v.Type().String())
			return ""
		}
	}
	a := Address{Name: field("name"), Local: field("localpart"), Domain: field("domain")}
	if written := field("address"); written != "" {
		read, err := one(written)
		if err != nil {
			return failed(L, err)
		}
		a.Local, a.Domain = read.Local, read.Domain
	}
	if a.Local == "" && a.Domain == "" {
		args.Fail(1, "address", "neither address nor localpart")
	}
	L.Push(lua.LString(Format(a)))
	return 1
}

// address.domain(s) -> domain in lower case | nil, message
func luaDomain(L *lua.LState) int {
	s := text(luabind.Args{L: L, Name: "address.domain"}, 1, "s")
	a, err := one(s)
	if err == nil && a.Domain == "" {
		err = fmt.Errorf("no domain in %s", shorten(s))
	}
	if err != nil {
		return failed(L, err)
	}
	L.Push(lua.LString(strings.ToLower(strings.TrimSuffix(a.Domain, "."))))
	return 1
}

// address.org_domain(domain) -> domain | nil
func luaOrgDomain(L *lua.LState) int {
	org := OrgDomain(domain(luabind.Args{L: L, Name: "address.org_domain"}, 1, "domain"))
	if org == "" {
		L.Push(lua.LNil)
	} else {
		L.Push(lua.LString(org))
	}
	return 1
}

// domain takes argument n, and charges for IDNA and the search in the list, which longestUnicode bounds.
func domain(a luabind.Args, n int, arg string) string {
	s := a.String(n, arg)
	guard.FuelOf(a.L).Charge(a.L, 100+10*min(len(s), longestUnicode))
	return s
}

// address.same_org(a, b) -> boolean
func luaSameOrg(L *lua.LState) int {
	args := luabind.Args{L: L, Name: "address.same_org"}
	L.Push(lua.LBool(SameOrg(domain(args, 1, "a"), domain(args, 2, "b"))))
	return 1
}

// luaConvert is address.to_ascii and address.to_unicode: domain | nil, message.
func luaConvert(L *lua.LState, name string, convert func(string) (string, error)) int {
	result, err := convert(domain(luabind.Args{L: L, Name: name}, 1, "domain"))
	if err != nil {
		return failed(L, err)
	}
	L.Push(lua.LString(result))
	return 1
}
