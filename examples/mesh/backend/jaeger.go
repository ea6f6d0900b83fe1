package backend

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// FindJaeger returns the path of a Jaeger v2 binary: $JAEGER, else the one on PATH or in the cache. If there is none,
// the error has the command that builds it.
func FindJaeger() (string, error) {
	if path := os.Getenv("JAEGER"); path != "" {
		path, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("no Jaeger at $JAEGER: %w\nThis command builds one into the cache, where it is found without $JAEGER:\n\tgo -C examples/mesh run ./cmd/build jaeger", err)
		}
		return filepath.Abs(path)
	}
	return binary.Find("jaeger")
}

type jaeger struct {
	server
	metrics string // the address of its own metrics
}

// StartJaeger runs Jaeger v2 with storage in memory, on loopback only. Jaeger receives OTLP over gRPC. Its
// configuration and log go to jaeger.json and jaeger.log in dir.
func StartJaeger(ctx context.Context, binary, dir string) (Backend, error) {
	addrs, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(jaegerConfig(addrs[0], addrs[1], addrs[2], addrs[3], addrs[4]))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "jaeger.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	p, err := process.Start(ctx, dir, process.Command{
		Name: "jaeger",
		Path: binary,
		Args: []string{"--config", file},
		Env:  []string{"OTEL_TRACES_SAMPLER=always_off"}, // otherwise it reports spans of its own to port 4317
	})
	if err != nil {
		return nil, err
	}
	j := &jaeger{server{process: p, addr: addrs[0], api: "http://" + addrs[1]}, addrs[4]}
	if err := p.Listens(ctx, addrs[0]); err != nil {
		return nil, err
	}
	if err := j.ready(ctx, "/api/services"); err != nil {
		return nil, err
	}
	return j, nil
}

type object = map[string]any

// jaegerConfig is one pipeline, from OTLP to memory. Jaeger serves its own metrics at the given address.
func jaegerConfig(otlp, query, queryGRPC, health, metrics string) object {
	metricsHost, metricsPort := hostPort(metrics)
	return object{
		"service": object{
			"extensions": []string{"jaeger_storage", "jaeger_query", "healthcheckv2"},
			"pipelines": object{"traces": object{
				"receivers": []string{"otlp"}, "exporters": []string{"jaeger_storage_exporter"},
			}},
			"telemetry": object{
				"traces": object{"level": "none"},
				"metrics": object{"level": "basic", "readers": []object{
					{"pull": object{"exporter": object{"prometheus": object{"host": metricsHost, "port": metricsPort}}}},
				}},
				"logs": object{"level": "warn"},
			},
		},
		"extensions": object{
			"jaeger_storage": object{"backends": object{"memory": object{"memory": object{"max_traces": 1000000}}}},
			"jaeger_query": object{
				"storage": object{"traces": "memory"},
				"http":    object{"endpoint": query},
				"grpc":    object{"endpoint": queryGRPC},
			},
			"healthcheckv2": object{"use_v2": true, "http": object{"endpoint": health}},
		},
		"receivers": object{"otlp": object{"protocols": object{"grpc": object{"endpoint": otlp}}}},
		"exporters": object{"jaeger_storage_exporter": object{"trace_storage": "memory"}},
	}
}

func (j *jaeger) TraceURL(id string) string { return j.api + "/trace/" + id }

// Received reads the counter of stored spans from Jaeger's metrics, in Prometheus' text format.
func (j *jaeger) Received() (n int) {
	resp, err := http.Get("http://" + j.metrics + "/metrics")
	if err != nil {
		return 0 // it does not serve them yet
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "} "); ok && strings.HasPrefix(name, "otelcol_exporter_sent_spans") {
			count, _ := strconv.ParseFloat(value, 64)
			n += int(count)
		}
	}
	return n
}

func hostPort(addr string) (host string, port int) {
	host, text, _ := net.SplitHostPort(addr)
	port, _ = strconv.Atoi(text)
	return host, port
}

// Spans asks for the traces of each service. It counts a trace of several services once.
func (j *jaeger) Spans() []sink.Span {
	var services struct{ Data []string }
	j.get("/api/services", &services)
	var spans []sink.Span
	seen := map[string]bool{}
	for _, service := range services.Data {
		var traces struct{ Data []jaegerTrace }
		j.get("/api/traces?limit=1000000&lookback=1h&service="+url.QueryEscape(service), &traces)
		for _, t := range traces.Data {
			if !seen[t.TraceID] {
				seen[t.TraceID] = true
				spans = append(spans, t.spans()...)
			}
		}
	}
	return spans
}

// jaegerTrace is the part of a trace in Jaeger's JSON that this package reads.
type jaegerTrace struct {
	TraceID   string
	Spans     []jaegerSpan
	Processes map[string]struct{ ServiceName string }
}

type jaegerSpan struct {
	TraceID, SpanID, OperationName, ProcessID string
	References                                []struct{ RefType, SpanID string }
	Tags                                      []struct {
		Key   string
		Value any
	}
}

func (t jaegerTrace) spans() []sink.Span {
	var spans []sink.Span
	for _, s := range t.Spans {
		span := sink.Span{
			TraceID: s.TraceID, ID: s.SpanID, Name: s.OperationName,
			Service: t.Processes[s.ProcessID].ServiceName, Tags: map[string]string{},
		}
		for _, r := range s.References {
			if r.RefType == "CHILD_OF" {
				span.ParentID = r.SpanID
			}
		}
		for _, tag := range s.Tags {
			span.Tags[tag.Key] = fmt.Sprint(tag.Value)
		}
		span.Kind = span.Tags["span.kind"]
		span.RequestID = span.Tags[sink.RequestIDTag]
		spans = append(spans, span)
	}
	return spans
}
