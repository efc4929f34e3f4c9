package guard

import (
	"encoding/binary"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const (
	// ProfilePeriod is the time between two samples.
	ProfilePeriod = beatEvery
	// mostFrames bounds the Lua functions that one sample tells of, innermost first.
	mostFrames = 64
	// mostStacks bounds the different stacks of a profile: a script may recurse as a stranger's mail has it.
	mostStacks = 10000
)

// Profile tells on which lines of Lua time is spent. Each running state looks at its call stack at the first instruction
// after a heartbeat, and counts as many periods as have gone by: time that one instruction takes, such as the call of a Go
// function that waits, is that instruction's. So it is wall time of callbacks, and of all states together. While there is
// none, a state looks for one at each heartbeat and no more often.
type Profile struct {
	began time.Time

	mu     sync.Mutex
	stacks map[string]*Stack
	names  map[*lua.FunctionProto]string
	lost   time.Duration
	key    []byte
	lines  []profiledLine
}

// Stack is where Lua was, and for how long.
type Stack struct {
	Frames  []Frame // innermost first; none: more different stacks than a profile keeps
	Samples int
	Time    time.Duration
}

// Frame is a line of a function on a Stack.
type Frame struct {
	File     string
	Line     int
	Function string // "" where it has no name
	Defined  int    // the line where the function begins; 0 for a file itself
}

// profiledLine is a Frame before it has a name.
type profiledLine struct {
	proto *lua.FunctionProto
	line  int
}

// profiling is the profile that is being made, for the whole process.
var profiling atomic.Pointer[Profile]

// ErrProfiling says that another profile is being made.
var ErrProfiling = errors.New("a profile is being made")

// StartProfile begins a profile of all states.
func StartProfile() (*Profile, error) {
	p := &Profile{began: time.Now(), stacks: map[string]*Stack{}, names: map[*lua.FunctionProto]string{}}
	if !profiling.CompareAndSwap(nil, p) {
		return nil, ErrProfiling
	}
	return p, nil
}

// Stop ends the profile, and gives what it has found, in no order, and how long it took.
func (p *Profile) Stop() (stacks []Stack, took time.Duration) {
	profiling.CompareAndSwap(p, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.stacks {
		stacks = append(stacks, *s)
	}
	if p.lost > 0 {
		stacks = append(stacks, Stack{Samples: int(p.lost / ProfilePeriod), Time: p.lost})
	}
	return stacks, time.Since(p.began)
}

// sample counts so many periods for the line that a state was on.
func (p *Profile) sample(s *state, periods uint32) {
	if s == nil || s.main.G.CurrentThread == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read(s.main.G.CurrentThread)
	if len(p.lines) == 0 {
		return
	}
	stack := p.stacks[string(p.key)]
	if stack == nil && len(p.stacks) >= mostStacks {
		p.lost += time.Duration(periods) * ProfilePeriod
		return
	}
	if stack == nil {
		stack = &Stack{Frames: p.frames()}
		p.stacks[string(p.key)] = stack
	}
	stack.Samples += int(periods)
	stack.Time += time.Duration(periods) * ProfilePeriod
}

// read takes the stack of a thread and of those that have resumed it.
func (p *Profile) read(L *lua.LState) {
	p.key, p.lines = p.key[:0], p.lines[:0]
	waits := false // for a call that it has made
	for ; L != nil; L = L.Parent {
		for f := topFrame(L); !f.none() && len(p.lines) < mostFrames; f = f.parent() {
			if proto := f.proto(); proto != nil {
				instruction := f.next() - 1
				if !waits {
					instruction = ranLast(proto, instruction)
				}
				p.add(proto, lineOf(proto, instruction))
				p.name(L, f, proto)
			}
			waits = true
		}
	}
}

// ranLast is the instruction that ran until now, where another one is about to run: the one in front of it, if that could
// take long. Which one it was behind a jump can be seen of a comparison and of an iterator only.
func ranLast(proto *lua.FunctionProto, next int) int {
	if next < 1 || next >= len(proto.Code) {
		return next
	}
	switch opcode(proto, next-1) {
	case lua.OP_JMP:
		return beforeJump(proto, next)
	case lua.OP_FORPREP, lua.OP_FORLOOP, lua.OP_RETURN, lua.OP_TAILCALL, lua.OP_TEST, lua.OP_TESTSET, lua.OP_LOADBOOL,
		lua.OP_MOVE, lua.OP_LOADK, lua.OP_LOADNIL, lua.OP_NOP:
		return next
	}
	return next - 1
}

// beforeJump is ranLast where a jump stands in front of next, which was passed over or never led there.
func beforeJump(proto *lua.FunctionProto, next int) int {
	const zero = 1<<17 - 1 // of the operand sBx
	jump := next - 1
	if jump > 0 {
		switch opcode(proto, jump-1) {
		case lua.OP_EQ, lua.OP_LT, lua.OP_LE, lua.OP_TFORLOOP:
			return jump - 1
		}
	}
	// The code of a generic for is: a jump to the iterator, the body, the iterator, a jump to the body.
	if to := next + int(proto.Code[jump]&(1<<18-1)) - zero; opcode(proto, to) == lua.OP_TFORLOOP {
		return to
	}
	return next
}

// opcode is that of an instruction, -1 where there is none.
func opcode(proto *lua.FunctionProto, instruction int) int {
	if instruction < 0 || instruction >= len(proto.Code) {
		return -1
	}
	return int(proto.Code[instruction] >> 26)
}

func (p *Profile) add(proto *lua.FunctionProto, line int) {
	p.lines = append(p.lines, profiledLine{proto, line})
	p.key = binary.NativeEndian.AppendUint64(p.key, uint64(reflect.ValueOf(proto).Pointer()))
	p.key = binary.NativeEndian.AppendUint32(p.key, uint32(line))
}

// name finds out how a function is called: as its caller does, or as the global that it is.
func (p *Profile) name(L *lua.LState, f frame, proto *lua.FunctionProto) {
	if _, known := p.names[proto]; known {
		return
	}
	p.names[proto] = ""
	if proto.LineDefined == 0 {
		return
	}
	if caller := f.parent(); !caller.none() && caller.proto() != nil && !f.tail() {
		for _, call := range caller.proto().DbgCalls {
			if call.Pc == caller.next()-1 {
				p.names[proto] = call.Name
				return
			}
		}
	}
	fn := f.fn()
	L.G.Global.ForEach(func(key, value lua.LValue) {
		if name, ok := key.(lua.LString); ok && value == lua.LValue(fn) {
			p.names[proto] = string(name)
		}
	})
}

func (p *Profile) frames() []Frame {
	frames := make([]Frame, len(p.lines))
	for i, l := range p.lines {
		frames[i] = Frame{File: l.proto.SourceName, Line: l.line, Function: p.names[l.proto], Defined: l.proto.LineDefined}
	}
	return frames
}
