package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"luamilter/engine"
	"luamilter/luabind"
	"luamilter/protocol"
)

// measuredHost is a host that runs a script, as often as it is named, and tells its metrics.
func measuredHost(t testing.TB, scripts ...string) (*engine.Host, *metrics) {
	t.Helper()
	dir := t.TempDir()
	f := defaultHostFlags()
	for _, name := range scripts {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("function on_eom() return accept() end\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		f.scripts = append(f.scripts, path)
	}
	m := newMetrics("v1.2.3")
	config := f.config(slog.New(slog.DiscardHandler))
	config.Observer = m
	gen, err := engine.Load(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	host := engine.NewHost(config, gen)
	t.Cleanup(host.Close)
	m.watch(host)
	return host, m
}

// scrape asks for the metrics as Prometheus does.
func scrape(t testing.TB, m *metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			got := regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(name)+`.*$`).FindAllString(text, -1)
			t.Errorf("no line %q; of that metric there are %q", line, got)
		}
	}
}

func TestMetricsCountWhatTheEngineTells(t *testing.T) {
	for _, tt := range []struct {
		name string
		tell func(engine.Observer)
		want []string
	}{
		{"a message counts by verdict and stage, with its bytes", func(o engine.Observer) {
			o.Message("reject", protocol.CodeEOM, 1000)
			o.Message("reject", protocol.CodeEOM, 200)
			o.Message("aborted", protocol.CodeAbort, 0)
		}, []string{
			`luamilter_messages_total{stage="eom",verdict="reject"} 2`,
			`luamilter_messages_total{stage="abort",verdict="aborted"} 1`,
			`luamilter_messages_total{stage="eom",verdict="accept"} 0`,
			`luamilter_message_bytes_total 1200`,
		}},
		{"a recipient counts by verdict", func(o engine.Observer) { o.Recipient(protocol.VerdictTempfail) }, []string{
			`luamilter_recipients_refused_total{verdict="tempfail"} 1`,
			`luamilter_recipients_refused_total{verdict="reject"} 0`,
		}},
		{"a connection counts by verdict and stage", func(o engine.Observer) {
			o.Connection(protocol.VerdictReject, protocol.CodeHelo)
		}, []string{
			`luamilter_connections_refused_total{stage="helo",verdict="reject"} 1`,
			`luamilter_connections_refused_total{stage="connect",verdict="reject"} 0`,
		}},
		{"a callback falls into its bucket and those above", func(o engine.Observer) {
			o.Callback(luabind.OnMail, 75*time.Microsecond)
			o.Callback(luabind.OnMail, 90*time.Second)
		}, []string{
			`luamilter_callback_seconds_bucket{callback="on_mail",le="5e-05"} 0`,
			`luamilter_callback_seconds_bucket{callback="on_mail",le="0.0001"} 1`,
			`luamilter_callback_seconds_bucket{callback="on_mail",le="60"} 1`,
			`luamilter_callback_seconds_bucket{callback="on_mail",le="+Inf"} 2`,
			`luamilter_callback_seconds_count{callback="on_mail"} 2`,
			`luamilter_callback_seconds_sum{callback="on_mail"} 90.000075`,
			`luamilter_callback_seconds_count{callback="on_eom"} 0`,
		}},
		{"each callback has its own", func(o engine.Observer) {
			for cb := luabind.OnLoad; cb <= luabind.OnTimer; cb++ {
				for range cb + 1 {
					o.Callback(cb, time.Millisecond)
				}
			}
		}, []string{
			`luamilter_callback_seconds_count{callback="on_load"} 1`,
			fmt.Sprintf(`luamilter_callback_seconds_count{callback="on_close"} %d`, luabind.OnClose+1),
			fmt.Sprintf(`luamilter_callback_seconds_count{callback="every"} %d`, luabind.OnTimer+1),
		}},
		{"a failure counts by kind", func(o engine.Observer) {
			o.Failure(luabind.KindTime)
			o.Failure("states")
		}, []string{
			`luamilter_script_errors_total{kind="time"} 1`,
			`luamilter_script_errors_total{kind="states"} 1`,
			`luamilter_script_errors_total{kind="error"} 0`,
		}},
		{"a reload counts by outcome", func(o engine.Observer) {
			o.Reload(nil)
			o.Reload(nil)
			o.Reload(errors.New("filter.lua:1: syntax error"))
		}, []string{
			`luamilter_reloads_total{outcome="success"} 2`,
			`luamilter_reloads_total{outcome="failure"} 1`,
		}},
		{"the version is a label", func(engine.Observer) {}, []string{`luamilter_build_info{version="v1.2.3"} 1`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMetrics("v1.2.3")
			tt.tell(m)
			wantLines(t, scrape(t, m), tt.want...)
		})
	}
}

func TestMetricsTellTheStatusOfTheHost(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status engine.Status
		want   []string
	}{
		{"numbers", engine.Status{Generation: 7, Connections: 5, Staying: 2, Messages: 3}, []string{
			"luamilter_generation 7",
			"luamilter_connections 5",
			"luamilter_connections_staying 2",
			"luamilter_messages_in_flight 3",
			"luamilter_reload_last_success 1",
		}},
		{"a reload that failed", engine.Status{FailedReload: &engine.ErrorStatus{Error: "x"}}, []string{"luamilter_reload_last_success 0"}},
		{"states by script", engine.Status{States: []engine.StateStatus{{Script: "a.lua", Idle: 1, InUse: 2}, {Script: "b.lua", Idle: 3}}}, []string{
			`luamilter_states{script="a.lua",state="idle"} 1`,
			`luamilter_states{script="a.lua",state="in_use"} 2`,
			`luamilter_states{script="b.lua",state="idle"} 3`,
			`luamilter_states{script="b.lua",state="in_use"} 0`,
		}},
		{"a script that was given twice", engine.Status{States: []engine.StateStatus{{Script: "a.lua", Idle: 1, InUse: 2}, {Script: "a.lua", Idle: 3}}}, []string{
			`luamilter_states{script="a.lua",state="idle"} 4`,
			`luamilter_states{script="a.lua",state="in_use"} 2`,
		}},
		{"a path that is not UTF-8", engine.Status{States: []engine.StateStatus{{Script: "caf\xe9.lua", Idle: 1}}}, []string{
			`luamilter_states{script="caf?.lua",state="idle"} 1`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMetrics("v1.2.3")
			m.registry.MustRegister(newHostCollector(func() engine.Status { return tt.status }))
			if _, err := m.registry.Gather(); err != nil {
				t.Error(err)
			}
			wantLines(t, scrape(t, m), tt.want...)
		})
	}
}

func TestMetricsOfAReloadComeFromTheHost(t *testing.T) {
	host, m := measuredHost(t, "a.lua", "b.lua", "a.lua")
	if _, err := host.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLines(t, scrape(t, m), "luamilter_generation 2", `luamilter_reloads_total{outcome="success"} 1`)
}

func TestMetricsAreNamedAsPrometheusWants(t *testing.T) {
	_, m := measuredHost(t, "a.lua")
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "luamilter_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestMetricsOfACallbackAllocateNothing(t *testing.T) {
	m := newMetrics("v1.2.3")
	if got := testing.AllocsPerRun(1000, func() { m.Callback(luabind.OnHeader, 75*time.Microsecond) }); got != 0 {
		t.Errorf("got %v allocations for each callback, want none", got)
	}
}

func BenchmarkMetricsCallback(b *testing.B) {
	m := newMetrics("v1.2.3")
	b.ReportAllocs()
	for b.Loop() {
		m.Callback(luabind.OnHeader, 75*time.Microsecond)
	}
}

func BenchmarkMetricsCallbackParallel(b *testing.B) {
	m := newMetrics("v1.2.3")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Callback(luabind.OnHeader, 75*time.Microsecond)
		}
	})
}

func BenchmarkMetricsMessage(b *testing.B) {
	m := newMetrics("v1.2.3")
	b.ReportAllocs()
	for b.Loop() {
		m.Message("accept", protocol.CodeEOM, 4096)
	}
}

// series are the names that a query can use, with their labels: those of the registered metrics, and those that
// Prometheus puts on all it scrapes.
func series(t *testing.T, m *metrics) map[string][]string {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, f := range families {
		labels := []string{"job", "instance"}
		for _, pair := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		if f.GetType().String() != "HISTOGRAM" {
			found[f.GetName()] = labels
			continue
		}
		found[f.GetName()+"_sum"], found[f.GetName()+"_count"] = labels, labels
		found[f.GetName()+"_bucket"] = append(slices.Clone(labels), "le")
	}
	return found
}

// query is what a PromQL expression uses.
type query struct {
	metrics []string
	labels  []string // of all of them: matched, or grouped by
	groups  []string // grouped by
	grouped bool     // an aggregation leaves no label but groups
}

// readQuery finds the names in a PromQL expression, as far as dashboards need it.
func readQuery(expr string) (q query) {
	token := regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9.a-z]*|\S`)
	name := regexp.MustCompile(`^[a-zA-Z_:]`)
	operators := []string{"and", "or", "unless", "offset", "bool"}
	tokens := append(token.FindAllString(expr, -1), "")
	inBraces, inGroups := false, false
	for i, tok := range tokens[:len(tokens)-1] {
		next := tokens[i+1]
		switch {
		case tok == "{" || tok == "}":
			inBraces = tok == "{"
		case tok == ")":
			inGroups = false
		case !name.MatchString(tok) || slices.Contains(operators, tok):
		case inBraces:
			q.labels = append(q.labels, tok)
		case inGroups:
			q.labels, q.groups = append(q.labels, tok), append(q.groups, tok)
		case tok == "by":
			inGroups = true
		case next == "by" || next == "(" && slices.Contains([]string{"sum", "min", "max", "avg", "count"}, tok):
			q.grouped = true
		case next == "(": // a function
		default:
			q.metrics = append(q.metrics, tok)
		}
	}
	return q
}

// problems says what is wrong with an expression and the legend of its panel.
func problems(expr, legend string, known map[string][]string) []string {
	q := readQuery(expr)
	var found []string
	if len(q.metrics) == 0 {
		found = append(found, "uses no metric")
	}
	legendLabels := []string{}
	for _, match := range regexp.MustCompile(`{{ *(\w+) *}}`).FindAllStringSubmatch(legend, -1) {
		legendLabels = append(legendLabels, match[1])
		if q.grouped && !slices.Contains(q.groups, match[1]) {
			found = append(found, fmt.Sprintf("legend has label %s, which is not grouped by", match[1]))
		}
	}
	for _, metric := range q.metrics {
		labels, ok := known[metric]
		if !ok {
			found = append(found, fmt.Sprintf("there is no metric %s", metric))
			continue
		}
		for _, label := range append(legendLabels, q.labels...) {
			if label != "le" && !slices.Contains(labels, label) || label == "le" && !strings.Contains(metric, "_bucket") {
				found = append(found, fmt.Sprintf("%s has no label %s", metric, label))
			}
		}
	}
	return found
}

func TestDashboardProblemsAreFound(t *testing.T) {
	known := map[string][]string{"a_total": {"job", "x"}, "h_bucket": {"job", "x", "le"}}
	for _, tt := range []struct {
		name, expr, legend string
		want               []string
	}{
		{"a plain one is fine", `a_total{job=~"$job"}`, "{{x}}", nil},
		{"a grouped one is fine", `sum by (x) (rate(a_total{job="b",x!~"c|d"}[$__rate_interval])) > 0`, "{{x}}", nil},
		{"a quantile is fine", `histogram_quantile(0.99, sum by (x, le) (rate(h_bucket[5m]))) >= 0`, "{{x}}", nil},
		{"a metric that there is not", `sum(rate(b_total[5m]))`, "", []string{"there is no metric b_total"}},
		{"one of two that there is not", `a_total / b_total`, "", []string{"there is no metric b_total"}},
		{"a matched label that there is not", `a_total{y="1"}`, "", []string{"a_total has no label y"}},
		{"a group that there is not", `sum by (y) (a_total)`, "", []string{"a_total has no label y"}},
		{"a bucket of no histogram", `sum by (le) (a_total)`, "", []string{"a_total has no label le"}},
		{"a legend that there is not", `a_total`, "{{y}}", []string{"a_total has no label y"}},
		{"a legend that was summed away", `sum(a_total)`, "{{x}}", []string{"legend has label x, which is not grouped by"}},
		{"no metric at all", `1 + 1`, "", []string{"uses no metric"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := problems(tt.expr, tt.legend, known); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// dashboardQueries finds all expressions of a Grafana dashboard, each with its legend.
func dashboardQueries(node any, found func(expr, legend string)) {
	switch n := node.(type) {
	case []any:
		for _, v := range n {
			dashboardQueries(v, found)
		}
	case map[string]any:
		if expr, ok := n["expr"].(string); ok {
			legend, _ := n["legendFormat"].(string)
			title, _ := n["titleFormat"].(string) // of an annotation
			found(expr, legend+title)
		}
		if q, ok := n["query"].(string); ok && strings.HasPrefix(q, "label_values(") {
			metric, label, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(q, "label_values("), ")"), ", ")
			found(metric, "{{"+label+"}}")
		}
		for _, v := range n {
			dashboardQueries(v, found)
		}
	}
}

func TestDashboardUsesOnlyMetricsThatExist(t *testing.T) {
	file, err := os.Open("../../dist/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var dashboard map[string]any
	decoder := json.NewDecoder(file)
	if err := decoder.Decode(&dashboard); err != nil {
		t.Fatal(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Errorf("after the dashboard: got %v, want the end of the file", err)
	}
	_, m := measuredHost(t, "a.lua")
	known := series(t, m)
	used := map[string]bool{}
	dashboardQueries(dashboard, func(expr, legend string) {
		for _, problem := range problems(expr, legend, known) {
			t.Errorf("%s: %s", expr, problem)
		}
		for _, metric := range readQuery(expr).metrics {
			used[metric] = true
		}
	})
	if len(used) < 15 {
		t.Errorf("found only %d metrics in the dashboard: the test looks at the wrong places", len(used))
	}
	for name := range known {
		if strings.HasPrefix(name, "luamilter_") && !used[name] {
			t.Errorf("%s is in no panel", name)
		}
	}
}
