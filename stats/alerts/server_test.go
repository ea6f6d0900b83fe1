package alerts

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/teststorage"
)

// server is Prometheus's storage, query engine and rule engine, with a clock that the test moves.
type server struct {
	t       *testing.T
	storage *teststorage.TestStorage
	engine  *promql.Engine
	rules   *rules.Group
	now     time.Time
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, storage: teststorage.New(t), now: time.Unix(0, 0).UTC()}
	s.engine = promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	t.Cleanup(func() { s.engine.Close() })
	manager := rules.NewManager(&rules.ManagerOptions{
		Context:    context.Background(),
		QueryFunc:  rules.EngineQueryFunc(s.engine, s.storage),
		Appendable: s.storage,
		Queryable:  s.storage,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Logger:     slog.New(slog.DiscardHandler),
		Parser:     parser.NewParser(parser.Options{}),
	})
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, "traceferry.yaml")
	if len(errs) > 0 || len(groups) != 1 {
		t.Fatal(len(groups), errs)
	}
	for _, s.rules = range groups {
	}
	return s
}

// minute moves the clock, scrapes an endpoint of job "shop", and evaluates the rules.
func (s *server) minute(endpoint string) {
	s.t.Helper()
	s.now = s.now.Add(time.Minute)
	resp, err := http.Get(endpoint)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := textparse.New(body, resp.Header.Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	samples := s.storage.AppenderV2(context.Background())
	for {
		entry, err := text.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var series labels.Labels
		text.Labels(&series)
		_, _, value := text.Series()
		target := labels.NewBuilder(series).Set("job", "shop").Set("instance", "shop-1").Labels()
		if _, err := samples.Append(0, target, 0, s.now.UnixMilli(), value, nil, nil, storage.AppendV2Options{}); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := samples.Commit(); err != nil {
		s.t.Fatal(err)
	}
	s.rules.Eval(context.Background(), s.now)
	for _, rule := range s.rules.Rules() {
		if rule.LastError() != nil {
			s.t.Fatalf("%s: %v", rule.Name(), rule.LastError())
		}
	}
}

// firing lists the alerts that fire, with the format in their label.
func (s *server) firing() (names []string) {
	for _, rule := range s.rules.AlertingRules() {
		for _, alert := range rule.ActiveAlerts() {
			if alert.State == rules.StateFiring {
				names = append(names, rule.Name()+" "+alert.Labels.Get("format"))
			}
		}
	}
	slices.Sort(names)
	return names
}

// query returns the result of a PromQL query now.
func (s *server) query(text string) promql.Vector {
	s.t.Helper()
	q, err := s.engine.NewInstantQuery(context.Background(), s.storage, nil, text, s.now)
	if err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	defer q.Close()
	result := q.Exec(context.Background())
	vector, err := result.Vector()
	if err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return slices.Clone(vector)
}

// endpoint serves the metrics of a collector.
func endpoint(t *testing.T, collectors ...prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors...)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)
	return server.URL
}
