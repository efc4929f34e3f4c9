package main

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"luamilter/engine"
	"luamilter/luabind"
	"luamilter/protocol"
)

// callbackBuckets, in seconds, go from a callback that only looks at one value to a DNS or HTTP lookup at the end of a
// message.
func callbackBuckets() []float64 {
	return []float64{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10, 30, 60}
}

// metrics counts what the engine tells it (engine.Observer), for Prometheus. What a host knows itself is read from it at
// each scrape.
type metrics struct {
	registry    *prometheus.Registry
	messages    *prometheus.CounterVec
	recipients  *prometheus.CounterVec
	connections *prometheus.CounterVec
	failures    *prometheus.CounterVec
	bytes       prometheus.Counter
	callbacks   []prometheus.Observer // by luabind.Callback: looked up here and not at each callback
	succeeded   prometheus.Counter    // reloads
	failed      prometheus.Counter    // reloads
}

func newMetrics(version string) *metrics {
	registry := prometheus.NewRegistry()
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		registry.MustRegister(vec)
		return vec
	}
	m := &metrics{
		registry: registry,
		messages: counters("luamilter_messages_total",
			"Messages that have ended, by verdict and by the SMTP stage at which they ended.", "verdict", "stage"),
		recipients: counters("luamilter_recipients_refused_total", "Recipients that a script refused, by verdict.", "verdict"),
		connections: counters("luamilter_connections_refused_total",
			"Connections that a script refused, by verdict and SMTP stage.", "verdict", "stage"),
		failures: counters("luamilter_script_errors_total",
			"Callbacks that failed, by kind: error, result, time, memory, stopped, oversize, spool, panic, states.", "kind"),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "luamilter_message_bytes_total",
			Help: "Bytes of header and body that were sent to scripts, of messages that have ended.",
		}),
	}
	reloads := counters("luamilter_reloads_total", "Reloads of the scripts, by outcome.", "outcome")
	m.succeeded, m.failed = reloads.WithLabelValues("success"), reloads.WithLabelValues("failure")
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "luamilter_callback_seconds",
		Help:    "How long a callback of one script took, with its wait for a Lua state.",
		Buckets: callbackBuckets(),
	}, []string{"callback"})
	for cb := luabind.OnLoad; cb <= luabind.OnTimer; cb++ {
		m.callbacks = append(m.callbacks, durations.WithLabelValues(cb.String()))
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "luamilter_build_info",
		Help:        "1, with the version of luamilter.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	registry.MustRegister(m.bytes, durations, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.begin()
	return m
}

// begin makes all series that may come: one that began with its first event would hide that event from rate().
func (m *metrics) begin() {
	refusals := []protocol.VerdictKind{protocol.VerdictReject, protocol.VerdictTempfail, protocol.VerdictShutdown}
	for _, v := range append(refusals, protocol.VerdictAccept, protocol.VerdictDiscard) {
		for _, stage := range []protocol.Code{protocol.CodeMail, protocol.CodeRcpt, protocol.CodeData, protocol.CodeHeader,
			protocol.CodeEOH, protocol.CodeBody, protocol.CodeEOM, protocol.CodeUnknown} {
			m.messages.WithLabelValues(v.String(), stage.String())
		}
	}
	m.messages.WithLabelValues("aborted", protocol.CodeAbort.String())
	for _, v := range refusals {
		m.connections.WithLabelValues(v.String(), protocol.CodeConnect.String())
		m.connections.WithLabelValues(v.String(), protocol.CodeHelo.String())
	}
	m.recipients.WithLabelValues(protocol.VerdictReject.String())
	m.recipients.WithLabelValues(protocol.VerdictTempfail.String())
	for _, kind := range []luabind.Kind{luabind.KindRaised, luabind.KindResult, luabind.KindTime, luabind.KindMemory,
		luabind.KindStopped, luabind.KindOversize, luabind.KindPanic, "states", "spool"} {
		m.failures.WithLabelValues(string(kind))
	}
}

// Message implements engine.Observer.
func (m *metrics) Message(verdict string, stage protocol.Code, bytes int64) {
	m.messages.WithLabelValues(verdict, stage.String()).Inc()
	m.bytes.Add(float64(bytes))
}

// Recipient implements engine.Observer.
func (m *metrics) Recipient(verdict protocol.VerdictKind) {
	m.recipients.WithLabelValues(verdict.String()).Inc()
}

// Connection implements engine.Observer.
func (m *metrics) Connection(verdict protocol.VerdictKind, stage protocol.Code) {
	m.connections.WithLabelValues(verdict.String(), stage.String()).Inc()
}

// Callback implements engine.Observer.
func (m *metrics) Callback(cb luabind.Callback, took time.Duration) {
	m.callbacks[cb].Observe(took.Seconds())
}

// Failure implements engine.Observer.
func (m *metrics) Failure(kind luabind.Kind) { m.failures.WithLabelValues(string(kind)).Inc() }

// Reload implements engine.Observer.
func (m *metrics) Reload(err error) {
	if err != nil {
		m.failed.Inc()
	} else {
		m.succeeded.Inc()
	}
}

// watch adds what the host knows itself.
func (m *metrics) watch(host *engine.Host) { m.registry.MustRegister(newHostCollector(host.Status)) }

// handler answers scrapes.
func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelError),
		ErrorHandling: promhttp.ContinueOnError, // one metric that can't be had is no reason to lose all
	})
}

// hostCollector makes metrics of a host's status (prometheus.Collector).
type hostCollector struct {
	status func() engine.Status
	gauges []hostGauge
	states *prometheus.Desc
}

type hostGauge struct {
	desc  *prometheus.Desc
	value func(engine.Status) float64
}

func newHostCollector(status func() engine.Status) *hostCollector {
	gauge := func(name, help string, value func(engine.Status) float64) hostGauge {
		return hostGauge{prometheus.NewDesc(name, help, nil, nil), value}
	}
	return &hostCollector{
		status: status,
		gauges: []hostGauge{
			gauge("luamilter_connections", "Connections from MTAs.",
				func(st engine.Status) float64 { return float64(st.Connections) }),
			gauge("luamilter_connections_staying", "Connections that can't move to the live generation: they negotiated less than it needs.",
				func(st engine.Status) float64 { return float64(st.Staying) }),
			gauge("luamilter_messages_in_flight", "Messages that have begun and not ended.",
				func(st engine.Status) float64 { return float64(st.Messages) }),
			gauge("luamilter_generation", "Number of the live generation of scripts.",
				func(st engine.Status) float64 { return float64(st.Generation) }),
			gauge("luamilter_reload_last_success", "1, or 0 when the last reload failed and the generation before it goes on.",
				func(st engine.Status) float64 {
					if st.FailedReload != nil {
						return 0
					}
					return 1
				}),
		},
		states: prometheus.NewDesc("luamilter_states", "Lua states of the live generation, by script: idle or in use.",
			[]string{"script", "state"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *hostCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, g := range c.gauges {
		ch <- g.desc
	}
	ch <- c.states
}

// Collect implements prometheus.Collector.
func (c *hostCollector) Collect(ch chan<- prometheus.Metric) {
	st := c.status()
	for _, g := range c.gauges {
		ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, g.value(st))
	}
	// A script may be given twice, and a path need not be UTF-8; of a label both would be errors.
	idle, used := map[string]int{}, map[string]int{}
	for _, s := range st.States {
		script := strings.ToValidUTF8(s.Script, "?")
		idle[script] += s.Idle
		used[script] += s.InUse
	}
	for script := range idle {
		ch <- prometheus.MustNewConstMetric(c.states, prometheus.GaugeValue, float64(idle[script]), script, "idle")
		ch <- prometheus.MustNewConstMetric(c.states, prometheus.GaugeValue, float64(used[script]), script, "in_use")
	}
}
