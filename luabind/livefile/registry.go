package livefile

import "sync"

// Registry gives the same File to all who open the same path with the same options: the Lua states of a generation. Its
// zero value is ready, and it is safe for concurrent use.
type Registry[T any] struct {
	mu    sync.Mutex
	files map[key]*File[T]
}

type key struct{ path, options string }

// Open is Open for the first caller; the others get the same File, whatever has become of the file since. options tell
// contents apart that are read from one path in different ways.
func (r *Registry[T]) Open(path, options string, parse func(path string, data []byte) (T, error)) (*File[T], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.files[key{path, options}]; f != nil {
		return f, nil
	}
	f, err := Open(path, parse)
	if err != nil {
		return nil, err
	}
	if r.files == nil {
		r.files = map[key]*File[T]{}
	}
	r.files[key{path, options}] = f
	return f, nil
}
