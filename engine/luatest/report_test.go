package luatest

import (
	"strings"
	"testing"
	"time"

	"luamilter/luabind/guard"
)

// files are what a run may come to.
func reported() []*File {
	return []*File{
		{Path: "a_test.lua", Took: 1234 * time.Microsecond, Left: 1, Cases: []Case{
			{Name: "passes", Line: 3, Took: 250 * time.Microsecond,
				Log:       []Line{{Level: "info", Text: "two\nlines", Callback: "on_mail", Fields: []Field{{"n", "1"}}}},
				Callbacks: []Calls{{"on_mail", 1, 3 * time.Microsecond}, {"on_header", 3, 1500 * time.Microsecond}}},
			{Name: "<odd> \"name\" \x1b\x00", Line: 9, Took: 2 * time.Second,
				Failures: []Failure{{Place: "a_test.lua:10", Source: `t.equal(r.verdict, "reject")`, Text: "got:  1\nwant: 2"},
					{Text: "the filter failed in on_mail: a.lua:1: ]]>"}}},
		}},
		{Path: "b_test.lua", Problem: "b.lua:1: syntax error", Took: time.Millisecond},
		{Path: "left_test.lua"},
		{Path: "c_test.lua", Cases: []Case{{Name: "fine", Line: 1}}},
	}
}

func TestReportOfARun(t *testing.T) {
	var out strings.Builder
	r := Report{Out: &out}
	for _, f := range reported() {
		r.Add(f)
	}
	r.Summary()
	want := `FAIL  a_test.lua  1 of 2 cases failed  1.23ms
  FAIL  <odd> "name" \x1b\x00  2s
    a_test.lua:10: t.equal(r.verdict, "reject")
      got:  1
      want: 2
    the filter failed in on_mail: a.lua:1: ]]>
FAIL  b_test.lua
    b.lua:1: syntax error
ok    c_test.lua  1 case  0s
2 passed, 2 failed in 3 files, 1 left out
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if !r.Failed() || r.Empty() {
		t.Errorf("failed %t, empty %t", r.Failed(), r.Empty())
	}
}

func TestVerboseReport(t *testing.T) {
	var out strings.Builder
	r := Report{Out: &out, Verbose: true}
	r.Add(reported()[0])
	want := `  ok    passes  250µs
    log: info two lines callback=on_mail n="1"
    on_mail: 1 call, 3µs
    on_header: 3 calls, 1.5ms
`
	if got := out.String(); !strings.Contains(got, want) {
		t.Errorf("got\n%swant in it\n%s", got, want)
	}
}

func TestJUnitReport(t *testing.T) {
	var out strings.Builder
	if err := WriteJUnit(&out, reported()); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" errors="1" time="0.002">
  <testsuite name="a_test.lua" tests="2" failures="1" errors="0" time="0.001">
    <testcase classname="a_test.lua" name="passes" file="a_test.lua" line="3" time="0.000">
      <system-out>info two lines callback=on_mail n=&#34;1&#34;&#xA;</system-out>
    </testcase>
    <testcase classname="a_test.lua" name="&lt;odd&gt; &#34;name&#34; ` + "\ufffd\ufffd" + `" file="a_test.lua" line="9" time="2.000">
      <failure message="got:  1">a_test.lua:10: t.equal(r.verdict, &#34;reject&#34;)&#xA;  got:  1&#xA;  want: 2&#xA;the filter failed in on_mail: a.lua:1: ]]&gt;&#xA;</failure>
    </testcase>
  </testsuite>
  <testsuite name="b_test.lua" tests="1" failures="0" errors="1" time="0.001">
    <testcase classname="b_test.lua" name="b_test.lua" file="b_test.lua" time="0.001">
      <error message="b.lua:1: syntax error">b.lua:1: syntax error</error>
    </testcase>
  </testsuite>
  <testsuite name="left_test.lua" tests="0" failures="0" errors="0" time="0.000"></testsuite>
  <testsuite name="c_test.lua" tests="1" failures="0" errors="0" time="0.000">
    <testcase classname="c_test.lua" name="fine" file="c_test.lua" line="1" time="0.000"></testcase>
  </testsuite>
</testsuites>
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestCoverageReport(t *testing.T) {
	files := []guard.FileCoverage{
		{Name: "a.lua", Source: []byte("local a <b>\n\nif x then y() end\nz()\nz()"), Lines: []guard.LineCoverage{
			{Line: 1, Count: 2}, {Line: 3, Count: 1, Part: true}, {Line: 4}, {Line: 5}}},
		{Name: "long/b.lua", Source: []byte("return")},
		{Name: "c.lua", Source: []byte("return\n"), Lines: []guard.LineCoverage{{Line: 1, Count: 1}}},
		{Name: "d.lua", Lines: []guard.LineCoverage{{Line: 1}, {Line: 2, Count: 1}, {Line: 3}, {Line: 9}, {Line: 12, Count: 1}}},
	}
	var out strings.Builder
	WriteCoverage(&out, files)
	want := `coverage: 50.0 % of lines
  a.lua        50.0 %    2 of   4  not run: 3+, 4-5
  long/b.lua  100.0 %    0 of   0  can't be counted: it has no room for more
  c.lua       100.0 %    1 of   1
  d.lua        40.0 %    2 of   5  not run: 1, 3-9
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	out.Reset()
	if err := WriteCoverageHTML(&out, files); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<tr class="ran"><td class="n">1</td><td class="c">2</td><td class="t">local a &lt;b&gt;</td></tr>`,
		`<tr><td class="n">2</td><td class="c"></td><td class="t"></td></tr>`,
		`<tr class="part"><td class="n">3</td><td class="c">1</td>`,
		`<tr class="missed"><td class="n">4</td><td class="c">0</td>`,
	} {
		if got := out.String(); !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if got := Covered(nil); got != 100 {
		t.Errorf("of nothing: got %f, want 100", got)
	}
}
