package guard

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// random is a state's own generator: math.randomseed must not reach other states.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, seed>>32))} }

var mathUnary = map[string]func(float64) float64{
	"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos,
	"cosh": math.Cosh, "exp": math.Exp, "floor": math.Floor, "log": math.Log, "log10": math.Log10, "sin": math.Sin,
	"sinh": math.Sinh, "sqrt": math.Sqrt, "tan": math.Tan, "tanh": math.Tanh,
	"deg": func(x float64) float64 { return x / (math.Pi / 180) },
	"rad": func(x float64) float64 { return x * (math.Pi / 180) },
}

var mathBinary = map[string]func(x, y float64) float64{
	"atan2": math.Atan2, "fmod": fmod, "mod": fmod, "pow": math.Pow,
}

func fmod(x, y float64) float64 {
	v := math.Mod(x, y)
	if math.IsNaN(v) && !math.IsNaN(x) && !math.IsNaN(y) {
		return math.Copysign(v, -1) // the sign that amd64 gives, and Lua prints
	}
	return v
}

var mathFunctions = map[string]lua.LGFunction{
	"frexp":      mathFrexp,
	"ldexp":      mathLdexp,
	"max":        func(L *lua.LState) int { return extreme(L, "max", func(x, y float64) bool { return x > y }) },
	"min":        func(L *lua.LState) int { return extreme(L, "min", func(x, y float64) bool { return x < y }) },
	"modf":       mathModf,
	"random":     mathRandom,
	"randomseed": mathRandomseed,
}

func (s *state) openMath(L *lua.LState) {
	s.random = newRandom(rand.Uint64())
	t := register(L, "math", mathFunctions)
	for name, f := range mathUnary {
		t.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			L.Push(lua.LNumber(f(args{L, name}.number(1))))
			return 1
		}))
	}
	for name, f := range mathBinary {
		t.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			a := args{L, name}
			L.Push(lua.LNumber(f(a.number(1), a.number(2))))
			return 1
		}))
	}
	t.RawSetString("pi", lua.LNumber(math.Pi))
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
}

func mathFrexp(L *lua.LState) int {
	fraction, exponent := math.Frexp(args{L, "frexp"}.number(1))
	L.Push(lua.LNumber(fraction))
	L.Push(lua.LNumber(exponent))
	return 2
}

func mathLdexp(L *lua.LState) int {
	a := args{L, "ldexp"}
	L.Push(lua.LNumber(math.Ldexp(a.number(1), a.integer(2))))
	return 1
}

func extreme(L *lua.LState, name string, better func(x, y float64) bool) int {
	a := args{L, name}
	best := a.number(1)
	for i := 2; i <= L.GetTop(); i++ {
		if v := a.number(i); better(v, best) {
			best = v
		}
	}
	L.Push(lua.LNumber(best))
	return 1
}

func mathModf(L *lua.LState) int {
	v := args{L, "modf"}.number(1)
	whole, fraction := math.Modf(v)
	if math.IsInf(v, 0) {
		fraction = math.Copysign(0, v) // C says 0, Go NaN
	}
	L.Push(lua.LNumber(whole))
	L.Push(lua.LNumber(fraction))
	return 2
}

func mathRandom(L *lua.LState) int {
	a := args{L, "random"}
	r := stateOf(L).random.Float64()
	low, high := 1.0, 0.0
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r))
		return 1
	case 1:
		high = float64(a.integer(1))
		if high < 1 {
			a.fail(1, "interval is empty")
		}
	case 2:
		low, high = float64(a.integer(1)), float64(a.integer(2))
		if low > high {
			a.fail(2, "interval is empty")
		}
	default:
		L.RaiseError("wrong number of arguments")
	}
	L.Push(lua.LNumber(math.Floor(r*(high-low+1)) + low))
	return 1
}

func mathRandomseed(L *lua.LState) int {
	stateOf(L).random = newRandom(math.Float64bits(args{L, "randomseed"}.number(1)))
	return 0
}
