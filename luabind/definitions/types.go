package definitions

import (
	"fmt"
	"strings"
)

// typeReader reads a type in the notation of lua-language-server from the front of a text:
//
//	string|integer[]    table<string, any>?    fun(a: string, ...: any): boolean    { name: string }    "inet"
type typeReader struct {
	text  string
	at    int
	names []string // of the types that it is made of
}

// readType gives the type at the front of a text, the names in it, and what stands behind it.
func readType(text string) (typ string, names []string, rest string, err error) {
	r := &typeReader{text: text}
	if err := r.union(); err != nil {
		return "", nil, "", err
	}
	return text[:r.at], r.names, strings.TrimSpace(text[r.at:]), nil
}

func (r *typeReader) take(s string) bool {
	if !strings.HasPrefix(r.text[r.at:], s) {
		return false
	}
	r.at += len(s)
	return true
}

func (r *typeReader) spaces() {
	for r.take(" ") {
	}
}

// word takes a name, with dots inside it.
func (r *typeReader) word() string {
	from := r.at
	for r.at < len(r.text) && (r.text[r.at] == '.' || isWord(r.text[r.at])) {
		r.at++
	}
	return r.text[from:r.at]
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (r *typeReader) fail(expected string) error {
	return fmt.Errorf("type %q: %s expected at byte %d", r.text, expected, r.at+1)
}

func (r *typeReader) union() error {
	for {
		if err := r.single(); err != nil {
			return err
		}
		for r.take("[]") || r.take("?") {
		}
		if !r.take("|") {
			return nil
		}
	}
}

func (r *typeReader) single() error {
	switch {
	case r.take(`"`):
		end := strings.IndexByte(r.text[r.at:], '"')
		if end < 0 {
			return r.fail("a closing quote")
		}
		r.at += end + 1
		return nil
	case r.take("("):
		if err := r.union(); err != nil {
			return err
		}
		return r.close(")")
	case r.take("{"):
		return r.list("}")
	case r.take("fun("):
		return r.function()
	}
	name := r.word()
	if name == "" || name == "..." {
		return r.fail("a type")
	}
	r.names = append(r.names, name)
	if r.take("<") {
		return r.arguments()
	}
	return nil
}

func (r *typeReader) close(bracket string) error {
	r.spaces()
	if !r.take(bracket) {
		return r.fail(bracket)
	}
	return nil
}

// arguments are those of table<K, V>.
func (r *typeReader) arguments() error {
	for {
		if err := r.union(); err != nil {
			return err
		}
		if !r.take(",") {
			return r.close(">")
		}
		r.spaces()
	}
}

// list is "name: type, name?: type" up to a bracket; a name alone, as "...", is of any type.
func (r *typeReader) list(bracket string) error {
	for r.spaces(); !r.take(bracket); r.spaces() {
		if r.word() == "" {
			return r.fail("a name")
		}
		r.take("?")
		if r.take(":") {
			r.spaces()
			if err := r.union(); err != nil {
				return err
			}
		}
		r.take(",")
	}
	return nil
}

// function is what follows "fun(".
func (r *typeReader) function() error {
	if err := r.list(")"); err != nil {
		return err
	}
	for more := r.take(":"); more; more = r.take(",") {
		r.spaces()
		if r.take("...") {
			continue
		}
		if err := r.union(); err != nil {
			return err
		}
	}
	return nil
}
