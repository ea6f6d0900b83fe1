package capture

import (
	"context"
	"reflect"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// Restarted reports whether a local span of another trace than the caller's runs in ctx, and nothing shows that this is
// on purpose. A span that links to the caller's span is on purpose. So are all spans, if the span that was active before
// Extract links to it. Ids of an untrusted caller are withheld, so that they name no trace here.
//
// A child of such a span that was started after Extract cannot be told from the child of a span that was restarted by
// mistake. The same is true for a span that the SDK dropped, because it has no links.
func (c *Node) Restarted(ctx context.Context, local trace.TraceID) bool {
	if c == nil || c.Formats&wire.TraceFormats == 0 || c.seen.Load()&restarted != 0 {
		return false
	}
	read := c.read()
	return read.Remote.IsValid() && !read.hasTrace(local) && !read.linked(trace.SpanFromContext(ctx))
}

// noteRestart records whether the span that is active in the parent context has begun a new trace on purpose.
func (c *Node) noteRestart() {
	defer c.Reader.Meter.Recovered() // a span of another package is asked
	span := trace.SpanFromContext(c.parent)
	if sc := span.SpanContext(); c.Formats&wire.TraceFormats != 0 && sc.IsValid() && !sc.IsRemote() && c.Parse().linked(span) {
		c.seen.Or(restarted)
	}
}

// hasTrace reports whether a received format names the trace.
func (l *Parsed) hasTrace(id trace.TraceID) bool {
	for _, r := range l.Readings {
		if r.Sc.TraceID.IsValid() && wire.SameTrace(r.Sc.TraceID, id) {
			return true
		}
	}
	return false
}

// linked reports whether a span links to a received trace. The spans of OpenTelemetry's SDK have the method Links. Its
// result has a type of the SDK, which this module does not import.
func (l *Parsed) linked(span trace.Span) bool {
	method := reflect.ValueOf(span).MethodByName("Links")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 || method.Type().Out(0).Kind() != reflect.Slice {
		return false
	}
	links := method.Call(nil)[0]
	for i := range links.Len() {
		link := links.Index(i)
		if link.Kind() != reflect.Struct {
			return false
		}
		if to := link.FieldByName("SpanContext"); to.IsValid() && to.CanInterface() {
			if sc, ok := to.Interface().(trace.SpanContext); ok && l.hasTrace(sc.TraceID()) {
				return true
			}
		}
	}
	return false
}
