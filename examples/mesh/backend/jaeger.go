package backend

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// FindJaeger returns the path of a Jaeger v2 binary: $JAEGER, else the one on PATH. The error of a missing one has the
// command that builds it.
func FindJaeger() (string, error) {
	path, err := exec.LookPath(cmp.Or(os.Getenv("JAEGER"), "jaeger"))
	if err != nil {
		return "", fmt.Errorf("no Jaeger: %w\n"+
			"Put a jaeger of version 2 on PATH, or name it in $JAEGER. To build it, about ten minutes: "+
			"go install github.com/jaegertracing/jaeger/cmd/jaeger@v1.76.0", err)
	}
	return filepath.Abs(path)
}

type jaeger struct{ server }

// StartJaeger runs Jaeger v2 with storage in memory, on loopback alone. It takes OTLP over gRPC. Its
// configuration and log go to jaeger.json and jaeger.log in dir.
func StartJaeger(ctx context.Context, binary, dir string) (Backend, error) {
	addrs, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(jaegerConfig(addrs[0], addrs[1], addrs[2], addrs[3]))
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
	})
	if err != nil {
		return nil, err
	}
	j := &jaeger{server{process: p, addr: addrs[0], api: "http://" + addrs[1]}}
	if err := p.Listens(ctx, addrs[0]); err != nil {
		return nil, err
	}
	if err := j.ready(ctx, "/api/services"); err != nil {
		return nil, err
	}
	return j, nil
}

type object = map[string]any

// jaegerConfig is one pipeline, from OTLP to memory. Jaeger reports no spans and no metrics of its own.
func jaegerConfig(otlp, query, queryGRPC, health string) object {
	return object{
		"service": object{
			"extensions": []string{"jaeger_storage", "jaeger_query", "healthcheckv2"},
			"pipelines": object{"traces": object{
				"receivers": []string{"otlp"}, "exporters": []string{"jaeger_storage_exporter"},
			}},
			"telemetry": object{
				"traces":  object{"level": "none"},
				"metrics": object{"level": "none"},
				"logs":    object{"level": "warn"},
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

// Received counts the stored spans. Jaeger has no cheaper counter for them.
func (j *jaeger) Received() int { return len(j.Spans()) }

// Spans asks for the traces of each service. A trace that several services share counts once.
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

// jaegerTrace is what we read of a trace in Jaeger's JSON.
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
