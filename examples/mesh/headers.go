package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
)

// secrets are headers of a user that must never be forwarded. %d is the book.
var secrets = map[string]string{
	"authorization": "Bearer secret-%d",
	"cookie":        "session=secret-%d",
	"x-customer":    "alice-%d",
}

// others returns the other headers of the request for a book: the secrets, and all formats except two kinds. These are
// the formats that the tracer reads, and those that Envoy itself controls. grpc-trace-bin has no padding, because gRPC
// removes it.
func (o options) others(book int) http.Header {
	formats := slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool {
		return f == propagation.RequestID || f == propagation.ClientTrace || slices.Contains(o.tracer.reads, f)
	})
	h := compare.Unpadded(samples.Headers(samples.New(book), formats))
	maps.Copy(h, o.mesh.ask)
	for name, value := range secrets {
		h.Set(name, fmt.Sprintf(value, book))
	}
	return h
}

// own are headers that a service receives whatever the application forwards. The headers of the mesh are listed
// elsewhere.
var own = []string{
	"x-book",                        // the services set it for each call
	"accept-encoding", "user-agent", // net/http
	":authority", "content-type", "grpc-accept-encoding", // grpc-go
}

// hops returns the headers that each call was received and sent with. app.Hops implements it.
type hops interface {
	Got(app.Hop) app.Lines
	Sent(app.Hop) app.Lines
}

// judgeHeaders judges the headers of the calls for the books 1 to n. The carried headers must be sent line by line as
// received. No other received header may be sent, and no header may be added.
func (o options) judgeHeaders(v *judge.Verdict, hops hops) {
	for i := range o.n {
		book := strconv.Itoa(i + 1)
		for _, c := range app.Calls {
			got := hops.Got(app.Hop{Call: c.Name, Book: book})
			if c.Cause == "" {
				o.judgeOthers(v, i+1, got)
				continue
			}
			o.judgeForwarded(v, book, c, hops)
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if !slices.Contains(own, name) && !slices.Contains(o.mesh.own, name) && !carries(o.tracer.reads, name) && !carries(o.tracerOf(c.To).reads, name) && !carries(o.config.Formats, name) {
					v.Find(judge.Headers, "book %s: %s got %s, which the application should not forward", book, c.To, name)
				}
			}
		}
	}
}

// judgeOthers judges whether the first service received the user's headers.
func (o options) judgeOthers(v *judge.Verdict, book int, got app.Lines) {
	for name, values := range o.others(book) {
		if name = strings.ToLower(name); carries(o.config.Formats, name) && !slices.Equal(got[name], values) {
			v.Find(judge.Headers, "book %d: %s reached the application as %q instead of %q", book, name, got[name], values)
		}
	}
}

// judgeForwarded judges whether a call was sent with the headers of the request that caused it.
func (o options) judgeForwarded(v *judge.Verdict, book string, c app.Call, hops hops) {
	came, sent := hops.Got(app.Hop{Call: c.Cause, Book: book}), hops.Sent(app.Hop{Call: c.Name, Book: book})
	for name := range sent {
		if name != "x-book" && !carries(o.config.Formats, name) {
			v.Find(judge.Headers, "book %s: %s sent %s with %s, which it should not forward", book, c.From, name, c.Name)
		}
	}
	none, expected := func(string) bool { return false }, o.carried(came)
	if o.config.Reconcile {
		reconcile(expected)
	}
	for _, f := range compare.Headers(expected, o.carried(sent), none) {
		v.Find(judge.Headers, "book %s: %s, called %s: %v", book, c.From, c.Name, f)
	}
}

// reconcile replaces a traceparent if grpc-trace-bin names another span of the same trace. The result is what
// Config.Reconcile sends if grpc-trace-bin is the first format.
func reconcile(h map[string][]string) {
	bins, parents := h["grpc-trace-bin"], h["traceparent"]
	if len(bins) != 1 || len(parents) != 1 {
		return
	}
	// The version byte, then the fields 0 (trace), 1 (span) and 2 (flags). Each field begins with its number.
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(bins[0], "="))
	if err != nil || len(b) != 29 {
		return
	}
	trace, span := fmt.Sprintf("00-%x-", b[2:18]), fmt.Sprintf("%x-", b[19:27])
	if rest, same := strings.CutPrefix(parents[0], trace); same && !strings.HasPrefix(rest, span) {
		h["traceparent"] = []string{fmt.Sprintf("%s%s%02x", trace, span, b[28])}
	}
}

// carried returns the lines that the application forwards.
func (o options) carried(lines app.Lines) http.Header {
	h := http.Header{}
	for name, values := range lines {
		if carries(o.config.Formats, name) {
			h[name] = values
		}
	}
	return h
}

// carries reports whether one of the formats has a header.
func carries(formats []propagation.Format, name string) bool {
	return slices.ContainsFunc(formats, func(f propagation.Format) bool {
		return slices.Contains(f.Fields(), name) ||
			slices.ContainsFunc(f.Prefixes(), func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
}
