package httptrace

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/http/httpguts"
)

// WithTagHeaders makes Middleware set request headers as attributes of OpenTelemetry's active span, as Ambassador's
// tag_headers does. The attributes have the names of the semantic conventions for HTTP
// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/):
//
//	a header name -> http.request.header.NAME with NAME in lower case: a list of all lines
//	:authority    -> server.address, and server.port if there is a port
//	:path         -> url.path, and url.query if there is a query
//	:method       -> http.request.method; for an unknown method _OTHER, and http.request.method_original
//	:scheme       -> url.scheme: https on a TLS connection, else http
//
// Names may be in any case. An absent header sets nothing. Only a recording span gets attributes, so put otelhttp
// outside of Middleware. In url.query, the values of signatures are replaced by REDACTED: sig, Signature,
// X-Amz-Signature and their like of AWS, Azure and Google. Bytes that are not UTF-8 are replaced by U+FFFD.
//
// WithTagHeaders panics for an invalid header name. It also panics for credentials, which do not belong in traces:
// authorization, proxy-authorization, cookie, set-cookie and jwt.
func WithTagHeaders(names ...string) Option {
	var t tagHeaders
	for _, name := range names {
		lower := strings.ToLower(name)
		switch {
		case pseudoHeaders[lower] != nil:
			t.pseudo = append(t.pseudo, pseudoHeaders[lower])
		case slices.Contains(credentials, lower):
			panic(fmt.Sprintf("httptrace: WithTagHeaders(%q): a credential must not be in a trace", name))
		case !httpguts.ValidHeaderFieldName(name):
			panic(fmt.Sprintf("httptrace: WithTagHeaders(%q): is neither a header name nor one of :authority, :path, :method, :scheme", name))
		default:
			t.headers = append(t.headers, taggedHeader{http.CanonicalHeaderKey(name), attribute.Key("http.request.header." + lower)})
		}
	}
	return optionFunc(func(o *options) {
		if o.tags == nil {
			o.tags = new(tagHeaders)
		}
		o.tags.headers = append(o.tags.headers, t.headers...)
		o.tags.pseudo = append(o.tags.pseudo, t.pseudo...)
	})
}

var credentials = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "jwt"}

type tagHeaders struct {
	headers []taggedHeader
	pseudo  []func(*http.Request) []attribute.KeyValue
}

type taggedHeader struct {
	canonical string
	attribute attribute.Key
}

func (t *tagHeaders) set(ctx context.Context, r *http.Request) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	var attrs []attribute.KeyValue
	for _, h := range t.headers {
		vals := r.Header[h.canonical]
		if h.canonical == "Host" && r.Host != "" { // net/http keeps Host in the Request
			vals = []string{r.Host}
		}
		if len(vals) > 0 {
			attrs = append(attrs, h.attribute.StringSlice(sendable(vals)))
		}
	}
	for _, pseudo := range t.pseudo {
		attrs = append(attrs, pseudo(r)...)
	}
	for i, a := range attrs {
		if a.Value.Type() == attribute.STRING {
			attrs[i] = a.Key.String(strings.ToValidUTF8(a.Value.AsString(), "\uFFFD"))
		}
	}
	span.SetAttributes(attrs...)
}

// sendable returns values that a span can be exported with. OTLP's strings are UTF-8. An exporter may lose a whole
// batch if one string is not.
func sendable(vals []string) []string {
	out := make([]string, len(vals))
	for i, v := range vals {
		out[i] = strings.ToValidUTF8(v, "\uFFFD")
	}
	return out
}

var pseudoHeaders = map[string]func(*http.Request) []attribute.KeyValue{
	":authority": func(r *http.Request) []attribute.KeyValue {
		if r.Host == "" { // HTTP/1.0 allows requests without a host
			return nil
		}
		host, port, err := net.SplitHostPort(r.Host)
		if err != nil { // no port
			host = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]")
		}
		attrs := []attribute.KeyValue{attribute.String("server.address", host)}
		if n, err := strconv.Atoi(port); err == nil {
			attrs = append(attrs, attribute.Int("server.port", n))
		}
		return attrs
	},
	":path": func(r *http.Request) []attribute.KeyValue {
		attrs := []attribute.KeyValue{attribute.String("url.path", r.URL.Path)}
		if r.URL.RawQuery != "" {
			attrs = append(attrs, attribute.String("url.query", redact(r.URL.RawQuery)))
		}
		return attrs
	},
	":method": func(r *http.Request) []attribute.KeyValue {
		if slices.Contains(knownMethods, r.Method) {
			return []attribute.KeyValue{attribute.String("http.request.method", r.Method)}
		}
		return []attribute.KeyValue{
			attribute.String("http.request.method", "_OTHER"), attribute.String("http.request.method_original", r.Method),
		}
	},
	":scheme": func(r *http.Request) []attribute.KeyValue {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		return []attribute.KeyValue{attribute.String("url.scheme", scheme)}
	},
}

// knownMethods are the methods that the semantic conventions define.
var knownMethods = []string{
	http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
	http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace,
}

// signatures are query keys whose values must not be in traces: those of the semantic conventions, and AWS's newer
// ones.
var signatures = []string{"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature",
	"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token"}

// redact replaces the values of signatures in a query.
func redact(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, _, ok := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if ok && (err != nil || slices.ContainsFunc(signatures, func(s string) bool { return strings.EqualFold(s, name) })) {
			pairs[i] = key + "=REDACTED"
		}
	}
	return strings.Join(pairs, "&")
}
