package definitions

import "strings"

// Function is one that a script calls, or a callback that it defines.
type Function struct {
	Name      string    // "add_header", "address.parse", "message:set_header"
	Class     string    // that it is a function or method of: "luamilter.module.address"; "" for a global
	Text      string    // Markdown
	Context   Context   // where it may be called; "" for callbacks and Lua's own functions
	Errors    string    // what it raises besides arguments of wrong types
	Params    []Param   // without the object of a method
	Overloads [][]Param // other arguments that it takes
	Returns   []Return
	NoDiscard bool // a call whose result nobody uses is a mistake
	Generics  []string
	Line      int
}

// Param is an argument.
type Param struct {
	Name     string // "..." for any number more
	Type     string
	Text     string
	Optional bool // it may be left out, and all behind it
}

// Return is a result.
type Return struct {
	Type string
	Name string // "" if the type says it all
	Text string
}

// Context says where a function may be called.
type Context string

// The contexts that there are.
const (
	Anywhere       Context = "anywhere" // also while the script loads
	Loading        Context = "while the script loads"
	InCallbacks    Context = "callbacks"
	InConnection   Context = "callbacks of a connection or message"
	InMessage      Context = "from `on_mail` to `on_message`"
	InBody         Context = "`on_body`"
	NotUnknown     Context = "anywhere but `on_unknown`"
	NotOutsideMail Context = "anywhere but `on_connect`, `on_helo` and `on_unknown`"
)

// contexts are all of them.
var contexts = []Context{Anywhere, Loading, InCallbacks, InConnection, InMessage, InBody, NotUnknown, NotOutsideMail}

// Callback says whether the script defines it, and the host calls it.
func (f *Function) Callback() bool { return f.Class == "" && strings.HasPrefix(f.Name, "on_") }

// Method says whether it is called with a colon.
func (f *Function) Method() bool { return strings.Contains(f.Name, ":") }

// Owner is what stands before the dot or colon of the name: "address", "message"; "" for a global.
func (f *Function) Owner() string {
	if i := strings.IndexAny(f.Name, ".:"); i >= 0 {
		return f.Name[:i]
	}
	return ""
}

// Short is the name behind the dot or colon.
func (f *Function) Short() string { return f.Name[strings.IndexAny(f.Name, ".:")+1:] }

// Unlimited is the MaxArgs of a function that takes any number of arguments.
const Unlimited = -1

// MinArgs is the least number of arguments, without the object of a method.
func (f *Function) MinArgs() int {
	least := required(f.Params)
	for _, params := range f.Overloads {
		least = min(least, required(params))
	}
	return least
}

// MaxArgs is the most arguments that have a meaning, or Unlimited.
func (f *Function) MaxArgs() int {
	most := 0
	for _, params := range append([][]Param{f.Params}, f.Overloads...) {
		if n := len(params); n > 0 && params[n-1].Name == "..." {
			return Unlimited
		}
		most = max(most, len(params))
	}
	return most
}

func required(params []Param) int {
	for i, p := range params {
		if p.Optional || p.Name == "..." {
			return i
		}
	}
	return len(params)
}
