package guard

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	lua "github.com/yuin/gopher-lua"
)

// file is an open file of a script. One that is dropped is closed with the os.File behind it.
type file struct {
	f    *os.File // nil: closed
	r    *bufio.Reader
	name string
}

const fileType = "FILE*" // LUA_FILEHANDLE

var fileMethods = map[string]lua.LGFunction{
	"close": fileClose,
	"flush": fileFlush,
	"lines": fileLines,
	"read":  func(L *lua.LState) int { return checkFile(L, "read").read(L, "read", 2) },
	"seek":  fileSeek,
	"write": func(L *lua.LState) int { return checkFile(L, "write").write(L, "write", 2) },
}

// openIO opens the part of io that works on regular files: no pipes, no standard input, which could block for ever.
func (s *state) openIO(L *lua.LState) {
	mt := L.NewTypeMetatable(fileType)
	methods := L.CreateTable(0, len(fileMethods))
	for name, f := range fileMethods {
		methods.RawSetString(name, L.NewFunction(f))
	}
	mt.RawSetString("__index", methods)
	mt.RawSetString("__metatable", lua.LFalse)
	mt.RawSetString("__tostring", L.NewFunction(fileToString))
	t := register(L, "io", map[string]lua.LGFunction{"lines": ioLines, "open": ioOpen, "type": ioType})
	stdout, stderr := newFile(L, os.Stdout, "stdout"), newFile(L, os.Stderr, "stderr")
	t.RawSetString("stdout", stdout)
	t.RawSetString("stderr", stderr)
	t.RawSetString("write", L.NewFunction(func(L *lua.LState) int {
		L.Insert(stdout, 1)
		return checkFile(L, "write").write(L, "write", 2)
	}))
}

func newFile(L *lua.LState, f *os.File, name string) *lua.LUserData {
	ud := L.NewUserData()
	ud.Value = &file{f: f, r: bufio.NewReaderSize(f, 512), name: name}
	ud.Metatable = L.GetTypeMetatable(fileType)
	return ud
}

func checkFile(L *lua.LState, name string) *file {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if f, ok := ud.Value.(*file); ok {
			if f.f == nil {
				L.RaiseError("attempt to use a closed file")
			}
			return f
		}
	}
	args{L, name}.failType(1, fileType)
	return nil
}

// failed pushes nil, "name: reason" and the error number, as the functions of io give an error.
func failed(L *lua.LState, name string, err error) int {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	number := 0
	var errno syscall.Errno
	if errors.As(err, &errno) {
		number = int(errno)
	}
	reason := err.Error()
	if reason != "" {
		reason = strings.ToUpper(reason[:1]) + reason[1:] // as strerror writes it
	}
	if name != "" {
		reason = name + ": " + reason
	}
	L.Push(lua.LNil)
	L.Push(lua.LString(reason))
	L.Push(lua.LNumber(number))
	return 3
}

var errNotRegular = errors.New("not a regular file")

// openFile opens a regular file, or one of the devices that neither block nor act: a FIFO or a terminal could hold up
// the script for ever, where nothing interrupts it.
func openFile(name, mode string) (*os.File, error) {
	flags := map[string]int{
		"r": os.O_RDONLY, "r+": os.O_RDWR,
		"w": os.O_WRONLY | os.O_CREATE | os.O_TRUNC, "w+": os.O_RDWR | os.O_CREATE | os.O_TRUNC,
		"a": os.O_WRONLY | os.O_CREATE | os.O_APPEND, "a+": os.O_RDWR | os.O_CREATE | os.O_APPEND,
	}
	flag, ok := flags[strings.Replace(mode, "b", "", 1)]
	if !ok {
		return nil, syscall.EINVAL
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		switch name {
		case os.DevNull, "/dev/zero", "/dev/urandom":
		default:
			return nil, errNotRegular
		}
	}
	return os.OpenFile(name, flag, 0o666)
}

func ioOpen(L *lua.LState) int {
	a := args{L, "open"}
	name, mode := a.text(1), a.optText(2, "r")
	f, err := openFile(name, mode)
	if err != nil {
		return failed(L, name, err)
	}
	L.Push(newFile(L, f, name))
	return 1
}

func ioType(L *lua.LState) int {
	ud, ok := args{L, "type"}.any(1).(*lua.LUserData)
	if ok {
		if f, ok := ud.Value.(*file); ok {
			if f.f == nil {
				return pushString(L, "closed file")
			}
			return pushString(L, "file")
		}
	}
	L.Push(lua.LNil)
	return 1
}

func ioLines(L *lua.LState) int {
	name := args{L, "lines"}.text(1)
	f, err := openFile(name, "r")
	if err != nil {
		failed(L, name, err)
		L.RaiseError("%s", L.Get(-2).String())
	}
	return pushLines(L, newFile(L, f, name).Value.(*file), true)
}

func fileLines(L *lua.LState) int { return pushLines(L, checkFile(L, "lines"), false) }

func pushLines(L *lua.LState, f *file, closeAtEnd bool) int {
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if f.f == nil {
			L.RaiseError("file is already closed")
		}
		v := f.line(L)
		if v == lua.LNil && closeAtEnd {
			f.close()
		}
		L.Push(v)
		return 1
	}))
	return 1
}

func (f *file) close() error {
	err := f.f.Close()
	f.f = nil
	return err
}

func fileClose(L *lua.LState) int {
	f := checkFile(L, "close")
	if f.f == os.Stdout || f.f == os.Stderr {
		return failed(L, "", errors.New("cannot close standard file"))
	}
	return result(L, f.close())
}

func fileFlush(L *lua.LState) int {
	checkFile(L, "flush") // writes are not buffered
	return result(L, nil)
}

func fileToString(L *lua.LState) int {
	ud, _ := L.Get(1).(*lua.LUserData)
	if ud == nil {
		args{L, "tostring"}.failType(1, fileType)
	}
	if f, ok := ud.Value.(*file); ok && f.f == nil {
		return pushString(L, "file (closed)")
	}
	return pushString(L, strings.Replace(ud.String(), "userdata: ", "file (", 1)+")")
}

func fileSeek(L *lua.LState) int {
	f := checkFile(L, "seek")
	a := args{L, "seek"}
	whence, ok := map[string]int{"set": io.SeekStart, "cur": io.SeekCurrent, "end": io.SeekEnd}[a.optText(2, "cur")]
	if !ok {
		a.fail(2, "invalid option '"+a.text(2)+"'")
	}
	offset := int64(a.optInteger(3, 0))
	if whence == io.SeekCurrent {
		offset -= int64(f.r.Buffered())
	}
	pos, err := f.f.Seek(offset, whence)
	if err != nil {
		return failed(L, f.name, err)
	}
	f.r.Reset(f.f)
	L.Push(lua.LNumber(pos))
	return 1
}

func result(L *lua.LState, err error) int {
	if err != nil {
		return failed(L, "", err)
	}
	L.Push(lua.LTrue)
	return 1
}

func (f *file) write(L *lua.LState, name string, first int) int {
	a := args{L, name}
	if n := f.r.Buffered(); n > 0 {
		// What was read ahead is not where the script believes to be.
		if _, err := f.f.Seek(-int64(n), io.SeekCurrent); err != nil {
			return failed(L, f.name, err)
		}
		f.r.Reset(f.f)
	}
	for i := first; i <= L.GetTop(); i++ {
		text := a.text(i)
		FuelOf(L).Charge(L, 16+len(text)/bytesPerStep)
		if _, err := f.f.WriteString(text); err != nil {
			return failed(L, f.name, err)
		}
	}
	L.Push(lua.LTrue)
	return 1
}
