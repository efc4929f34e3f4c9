package json_test

import (
	"strings"
	"testing"
	"time"

	"luamilter/luabind"
)

func TestDecode(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"an object", `json.decode('{"a": 1, "b": {"c": true}}')`, `{a=1 b={c=true}}`},
		{"an array keeps nulls as holes do not", `json.decode('[1, null, "x"]')`, `{1=1 2=null 3="x"}`},
		{"null is the same everywhere", `json.decode('[null]')[1] == json.null, json.decode("null") == json.null`, `true true`},
		{"another value for null", `json.decode('[null]', { null = false })`, `{1=false}`},
		{"an empty array is marked", `json.decode('[]')`, `{true="array"}`},
		{"unless not wanted", `json.decode('[[]]', { mark = false })`, `{1={}}`},
		{"an empty object is not", `json.decode(' {} ')`, `{}`},
		{"numbers", `json.decode('[0, -0.5, 1e3, 9007199254740992, 1E-2]')`, `{1=0 2=-0.5 3=1000 4=9007199254740992 5=0.01}`},
		{"escapes", `json.decode([["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]])`, `"\"\\/\b\f\n\r\té😀"`},
		{"half a surrogate pair", `json.decode([["\ud83dx\ude00\ud83d\u0041"]])`, `"�x��A"`},
		{"bytes that are not UTF-8", `json.decode('"a\233"')`, `"a�"`},
		{"the last of the same keys", `json.decode('{"a": 1, "a": 2}')`, `{a=2}`},
		{"a byte order mark", `json.decode("\239\187\191[1]")`, `{1=1}`},
		{"as deep as allowed", `#json.decode(("["):rep(100) .. ("]"):rep(100)) `, `1`},
		{"deeper if asked for", `#json.decode(("["):rep(101) .. ("]"):rep(101), { max_depth = 1000 })`, `1`},
		{"a scalar with no depth", `json.decode('1', { max_depth = 0 })`, `1`},
	})
}

func TestDecodeOfWhatIsNoJSON(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"nothing", `json.decode("")`, `nil "line 1, column 1: a value expected, got the end of the text"`},
		{"a word", `json.decode("nul")`, `nil "line 1, column 1: a value expected, got 'n'"`},
		{"a line further down", `json.decode('{\n  "a": 1,\n  b: 2}')`, `nil "line 3, column 3: a key in double quotes expected, got 'b'"`},
		{"more behind it", `json.decode('1 2')`, `nil "line 1, column 3: the end expected, got '2'"`},
		{"NUL behind it", `json.decode('1\0')`, `nil "line 1, column 2: the end expected, got '\\x00'"`},
		{"no comma", `json.decode('[1 2]')`, `nil "line 1, column 4: ',' or ']' expected, got '2'"`},
		{"a comma too many", `json.decode('[1,]')`, `nil "line 1, column 4: a value expected, got ']'"`},
		{"no colon", `json.decode('{"a" 1}')`, `nil "line 1, column 6: ':' expected, got '1'"`},
		{"an open object", `json.decode('{"a":1')`, `nil "line 1, column 7: ',' or '}' expected, got the end of the text"`},
		{"an open string", `json.decode('"abc')`, `nil "line 1, column 5: a string without end"`},
		{"a backslash at the end", `json.decode('"abc\\')`, `nil "line 1, column 6: a string without end"`},
		{"a control character", `json.decode('"a\nb"')`, `nil "line 1, column 3: '\\n' in a string; write it as an escape"`},
		{"an unknown escape", `json.decode([["ab\x"]])`, `nil "line 1, column 4: there is no escape \\\"x\""`},
		{"too few digits", `json.decode([["\u12"]])`, `nil "line 1, column 2: four hexadecimal digits expected after \\u"`},
		{"a leading zero", `json.decode('01')`, `nil "line 1, column 2: the end expected, got '1'"`},
		{"no digit", `json.decode('-')`, `nil "line 1, column 2: a digit expected, got the end of the text"`},
		{"no digit behind the point", `json.decode('1.')`, `nil "line 1, column 3: a digit expected, got the end of the text"`},
		{"no exponent", `json.decode('1e+')`, `nil "line 1, column 4: a digit expected, got the end of the text"`},
		{"a number too large", `json.decode('[1e999]')`, `nil "line 1, column 2: a number too large for Lua"`},
		{"too deep", `json.decode(("["):rep(1000000))`, `nil "line 1, column 101: nested too deep (max_depth)"`},
		{"too deep for the option", `json.decode('{"a":[]}', { max_depth = 1 })`, `nil "line 1, column 6: nested too deep (max_depth)"`},
		{"a byte that is not UTF-8", `json.decode('\255')`, `nil "line 1, column 1: a value expected, got byte 0xff"`},
	})
}

func TestEncode(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"keys in order", `json.encode({ b = 1, a = { 1, "x", true } })`, `"{\"a\":[1,\"x\",true],\"b\":1}"`},
		{"null", `json.encode({ json.null })`, `"[null]"`},
		{"empty tables", `json.encode({ {}, json.array({}), json.array() })`, `"[{},[],[]]"`},
		{"a marked list", `json.encode(json.array({ 1, 2 }))`, `"[1,2]"`},
		{"a marked list that was filled", `(function() local t = json.array() t[1] = "x" return json.encode(t) end)()`, `"[\"x\"]"`},
		{"numbers", `json.encode({ 2^53, -0.5, 1e15, 1e21, 1e-7, 0, 100 })`, `"[9007199254740992,-0.5,1000000000000000,1e+21,1e-07,0,100]"`},
		{"escapes", `json.encode("\"\\/\b\f\n\r\t\0\31\127é😀")`, `"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7fé😀\""`},
		{"bytes that are not UTF-8", `json.encode("a\233b")`, `"\"a�b\""`},
		{"indented", `json.encode({ a = { 1, 2 }, b = {}, c = json.array() }, { indent = 2 })`,
			`"{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}"`},
		{"indented by tabs", `json.encode({ 1 }, { indent = "\t" })`, `"[\n\t1\n]"`},
		{"in the order of pairs", `#json.encode({ b = 1, a = 2 }, { sort = false })`, `13`},
		{"a table twice is no cycle", `(function() local t = { 1 } return json.encode({ t, t }) end)()`, `"[[1],[1]]"`},
		{"there and back", `json.encode(json.decode('{"a":[],"b":{},"c":[null,[1.5]],"d":""}'))`,
			`"{\"a\":[],\"b\":{},\"c\":[null,[1.5]],\"d\":\"\"}"`},
		{"is_array", `json.is_array({ 1 }), json.is_array({}), json.is_array(json.array()), json.is_array({ a = 1 }), json.is_array("x"), json.is_array({ 1, nil, 3 })`,
			`true false true false false false`},
	})
}

func TestEncodeOfWhatHasNoForm(t *testing.T) {
	expectError(t, []struct{ name, lua, want string }{
		{"a function, with its place", `json.encode({ a = { 1, 2, print } })`, `bad argument #1 to 'json.encode' (value.a[3]: a function has no form in JSON)`},
		{"a key that is no name", `json.encode({ ["x y\n"] = { print } })`, `(value["x y\n"][1]: a function`},
		{"an object of the host", `json.encode({ io.stdout })`, `(value[1]: a userdata has no form in JSON)`},
		{"what the connection keeps", `json.encode({ conn })`, `(value[1]: conn and msg have fields, and can't be walked)`},
		{"nil", `json.encode(nil)`, `(value: a value, or json.null, expected, got nil)`},
		{"not a number", `json.encode({ x = 0/0 })`, `(value.x: NaN has no form in JSON)`},
		{"infinity", `json.encode(-1/0)`, `(value: -Inf has no form in JSON)`},
		{"a cycle", `local t = {} t.a = { t } json.encode(t)`, `(value.a[1]: a table that contains itself)`},
		{"too deep", `local t = {} for i = 1, 200 do t = { t } end json.encode(t)`, `[1]: nested deeper than 100)`},
		{"a mixed table", `json.encode({ x = { 1, a = 2 } })`, `(value.x: 1 places of a list and 1 names in one table)`},
		{"a list with holes", `json.encode({ 1, nil, 3 })`, `(value: a list of 2 values with holes; json.null fills them)`},
		{"the place 0", `json.encode({ [0] = 1 })`, `(value: the key 0 is neither a string nor a place in a list)`},
		{"a key of another type", `json.encode({ [false] = 1 })`, `(value: a key is a boolean, neither`},
		{"names in a marked list", `local t = json.array() t.a = 1 json.encode(t)`, `(value: 0 places of a list and 1 names in one table)`},
		{"a table shared so often that the text explodes", `local t = { ("x"):rep(2^18) } for i = 1, 60 do t = { t, t } end json.encode(t)`,
			`json.encode: the text would be larger than 64 MiB`},
	})
}

func TestWrongArguments(t *testing.T) {
	expectError(t, []struct{ name, lua, want string }{
		{"no text", `json.decode()`, `bad argument #1 to 'json.decode' (text: string expected, got no value)`},
		{"an unknown option", `json.decode("1", { depth = 3 })`, `there is no option depth`},
		{"options of a wrong type", `json.decode("1", 3)`, `bad argument #2 to 'json.decode' (options: table expected, got number)`},
		{"a depth out of range", `json.decode("1", { max_depth = 1001 })`, `max_depth is a whole number from 0 to 1000, not 1001`},
		{"a depth of a wrong type", `json.decode("1", { max_depth = "3" })`, `max_depth is a number, not a string`},
		{"a table for null", `json.decode("1", { null = {} })`, `null is a string, number or boolean, not a table`},
		{"a wrong mark", `json.decode("1", { mark = 1 })`, `mark is a boolean, not a number`},
		{"a wrong indent", `json.encode(1, { indent = 99 })`, `indent is 0 to 16 spaces, not 99`},
		{"an indent of letters", `json.encode(1, { indent = "x" })`, `indent is at most 16 spaces and tabs`},
		{"an indent of a wrong type", `json.encode(1, { indent = true })`, `indent is a number or a string, not a boolean`},
		{"a wrong sort", `json.encode(1, { sort = 1 })`, `sort is a boolean, not a number`},
		{"array of a wrong type", `json.array("x")`, `bad argument #1 to 'json.array' (t: table expected, got string)`},
		{"array of a library", `json.array(string)`, `a table with a metatable can't be marked`},
	})
}

func TestDecodedTablesAreKept(t *testing.T) {
	got, err := callInStates(t, `
		function on_mail() msg.kept = json.decode('{"a":[],"b":{},"c":[1,[]]}') end
		function on_eom() got(json.encode(msg.kept)) end`, luabind.OnMail, luabind.OnEOM)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"{\"a\":[],\"b\":{},\"c\":[1,[]]}"`; got[0] != want {
		t.Errorf("got %s, want %s", got[0], want)
	}
}

func TestHostileTexts(t *testing.T) {
	tests := []struct{ name, lua string }{
		{"empty arrays without end", `while true do json.decode("[" .. ("[],"):rep(2^18) .. "0]") end`},
		{"a large object", `while true do json.decode("{" .. ('"a":{},'):rep(2^18) .. '"b":0}') end`},
		{"a long string", `while true do json.decode('"' .. ("\\u0001"):rep(2^20) .. '"') end`},
		{"a long number", `while true do json.decode(("1"):rep(2^20) .. "e-1048576") end`},
		{"white space", `while true do json.decode((" "):rep(2^22)) end`},
		{"long strings to write", `local s = ("\1"):rep(2^20) while true do json.encode(s) end`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := run(t, 100*time.Millisecond, tt.lua)
			if err == nil || !strings.Contains(err.Error(), "time limit") {
				t.Errorf("got %v, want that it ran past its time limit", err)
			}
		})
	}
}
