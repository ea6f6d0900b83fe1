package traceferry_test

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	otel "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

var update = flag.Bool("update", false, "write README's table of formats and transports")

// transports carry the headers of a request through a Propagator. What they return is in the form of HTTP.
var transports = []struct {
	name  string
	carry func(p *propagation.Propagator, in http.Header) http.Header
}{
	{"HTTP", func(p *propagation.Propagator, in http.Header) http.Header {
		out := http.Header{}
		p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
		return out
	}},
	{"gRPC", func(p *propagation.Propagator, in http.Header) http.Header {
		md, sent, out := map[string][]string{}, map[string][]string{}, http.Header{}
		for name, lines := range in {
			md[strings.ToLower(name)] = mapBin(name, lines, func(s string) string { b, _ := base64.StdEncoding.DecodeString(s); return string(b) })
		}
		p.InjectMetadata(p.ExtractMetadata(context.Background(), md), sent)
		for name, lines := range sent {
			out[http.CanonicalHeaderKey(name)] = mapBin(name, lines, func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })
		}
		return out
	}},
	{"`Lines`", func(p *propagation.Propagator, in http.Header) http.Header {
		out := http.Header{}
		ctx := p.ExtractLines(context.Background(), func(yield func(string, string) bool) {
			for name, lines := range in {
				for _, line := range lines {
					if !yield(name, line) {
						return
					}
				}
			}
		})
		for name, line := range p.Lines(ctx, "internal") {
			out.Add(name, line)
		}
		return out
	}},
	{"OpenTelemetry's carriers, single lines", func(p *propagation.Propagator, in http.Header) http.Header {
		received, sent, out := otel.MapCarrier{}, otel.MapCarrier{}, http.Header{}
		for name, lines := range in {
			received[strings.ToLower(name)] = strings.Join(lines, ",")
		}
		p.Inject(p.Extract(context.Background(), received), sent)
		for name, line := range sent {
			out.Set(name, line)
		}
		return out
	}},
}

// mapBin changes the lines of a -bin name.
func mapBin(name string, lines []string, change func(string) string) (changed []string) {
	for _, line := range lines {
		if strings.HasSuffix(strings.ToLower(name), "-bin") {
			line = change(line)
		}
		changed = append(changed, line)
	}
	return changed
}

// TestReadmeTransports: README's table says how each format goes through each transport. With -update it writes the table.
func TestReadmeTransports(t *testing.T) {
	local := propagation.SpanContext{
		TraceID: trace.TraceID{15: 1, 0: 2}, SpanID: trace.SpanID{7: 3}, Sampling: propagation.Accepted,
	}
	received := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	traced := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, true }})

	var order []string
	formats := map[string][]string{} // by the other cells of a row
	for _, f := range propagation.AllFormats() {
		in := samples.Headers(samples.New(1), []propagation.Format{f})
		var cells []string
		for _, over := range transports {
			cells = append(cells, howSent(in, over.carry(received, in)))
		}
		with := transports[0].carry(traced, in)
		cells = append(cells, "as received")
		if _, span, _, ok := samples.Span(f.String(), with.Get); ok && strings.TrimLeft(span, "0") == "3" {
			cells[len(cells)-1] = "ids of the local span"
		}
		key := strings.Join(cells, " | ")
		if formats[key] == nil {
			order = append(order, key)
		}
		formats[key] = append(formats[key], f.String())
	}
	var table strings.Builder
	table.WriteString("| Formats |")
	for _, over := range transports {
		table.WriteString(" " + over.name + " |")
	}
	table.WriteString(" with a local span |\n|" + strings.Repeat("---|", len(transports)+2) + "\n")
	for _, key := range order {
		fmt.Fprintf(&table, "| %s | %s |\n", strings.Join(formats[key], ", "), key)
	}

	text := readme(t)
	block := regexp.MustCompile(`(?s)<!-- transports:begin -->\n.*<!-- transports:end -->\n`)
	want := "<!-- transports:begin -->\n" + table.String() + "<!-- transports:end -->\n"
	switch got := block.FindString(text); {
	case got == want:
	case *update && got != "":
		if err := os.WriteFile("README.md", []byte(strings.Replace(text, got, want, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("README's table is\n%s\nwant\n%s\ngo test -run TestReadmeTransports -update . writes it", got, want)
	}
}

// howSent says how headers were sent.
func howSent(in, out http.Header) string {
	sent := 0
	for name, lines := range in {
		if got := strings.Join(out[name], ","); got == strings.Join(lines, ",") {
			sent++
		} else if got != "" {
			return "changed"
		}
	}
	switch sent {
	case len(in):
		return "byte for byte"
	case 0:
		return "not sent"
	}
	return "in part"
}
