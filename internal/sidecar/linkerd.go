package sidecar

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

// Linkerd is linkerd2-proxy, as its crate linkerd/trace-context does it. It continues the
// first format that it can parse, in the order W3C, grpc-trace-bin, x-b3-*. It rewrites the
// span id of that format only, whether the trace is sampled or not.
//
// The real proxy makes two spans of each request: a server span, and a client span as its child.
// Here they are one Span, with the parent of the server span and the id of the client span.
var Linkerd = &Tracer{"linkerd2-proxy", func(h http.Header, service string) (Span, bool) {
	server, ok := linkerdSpan(h, service)
	if !ok {
		return server, false
	}
	if client, ok := linkerdSpan(h, service); ok {
		server.ID = client.ID
	}
	return server, true
}}

// linkerdSpan makes one span.
func linkerdSpan(h http.Header, service string) (s Span, ok bool) {
	for _, f := range []linkerdFormat{linkerdW3C, linkerdTraceBin, linkerdB3} {
		if c, ok := f.parse(h); ok {
			s = Span{Trace: hex.EncodeToString(c.trace), Parent: hex.EncodeToString(c.parent)}
			s.ID = newID(s.Trace, s.Parent, service)
			id, _ := hex.DecodeString(s.ID)
			f.write(h, c, id)
			return s, true
		}
	}
	return s, false
}

// linkerdFormat is one of the formats that Linkerd reads.
type linkerdFormat struct {
	parse func(http.Header) (linkerdContext, bool)
	write func(h http.Header, c linkerdContext, span []byte)
}

// linkerdContext is the data that Linkerd reads. Ids may be too long or missing. Linkerd forwards
// such ids, and reports no span.
type linkerdContext struct {
	trace, parent []byte
	flags         byte // bit 0: the spans are reported
}

// linkerdW3C is traceparent of version 00. Ids may be short, and in upper case; they are written in
// lower case. Ids of zeros are refused. Flags keep their first byte.
var linkerdW3C = linkerdFormat{
	parse: func(h http.Header) (c linkerdContext, ok bool) {
		version, rest, _ := strings.Cut(h.Get("Traceparent"), "-")
		trace, rest, hasSpan := strings.Cut(rest, "-")
		span, flags, hasFlags := strings.Cut(rest, "-")
		if version != "00" || !hasSpan || !hasFlags || strings.Trim(trace, "0") == "" || strings.Trim(span, "0") == "" {
			return c, false
		}
		var okTrace, okSpan bool
		c.trace, okTrace = decodePadded(trace, 16)
		c.parent, okSpan = decodePadded(span, 8)
		b, err := hex.DecodeString(flags)
		if !okTrace || !okSpan || err != nil {
			return c, false
		}
		c.flags = b[0] // without any flags the real proxy panics here, so this code does, too
		return c, true
	},
	write: func(h http.Header, c linkerdContext, span []byte) {
		h.Set("Traceparent", "00-"+hex.EncodeToString(c.trace)+"-"+hex.EncodeToString(span)+"-"+hex.EncodeToString([]byte{c.flags}))
	},
}

// linkerdTraceBin is grpc-trace-bin: one value of base64 with padding. Fields may have any order, and
// may be missing. Reading ends at an unknown field. The version is not checked, and ids of zeros are
// accepted. All three fields are written, so a trace without options becomes not sampled.
var linkerdTraceBin = linkerdFormat{
	parse: func(h http.Header) (c linkerdContext, ok bool) {
		b, err := base64.StdEncoding.Strict().DecodeString(h.Get("Grpc-Trace-Bin"))
		if err != nil || len(b) == 0 {
			return c, false
		}
		sizes := [...]int{16, 8, 1}
		for b = b[1:]; len(b) > 0 && int(b[0]) < len(sizes); {
			field, rest := b[0], b[1:]
			size := sizes[field]
			if len(rest) < size {
				return c, false
			}
			switch value := rest[:size]; field {
			case 0:
				c.trace = value
			case 1:
				c.parent = value
			case 2:
				c.flags = value[0]
			}
			b = rest[size:]
		}
		return c, true
	},
	write: func(h http.Header, c linkerdContext, span []byte) {
		b := append([]byte{0, 0}, c.trace...)
		b = append(append(b, 1), span...)
		h.Set("Grpc-Trace-Bin", base64.StdEncoding.EncodeToString(append(b, 2, c.flags)))
	},
}

// linkerdB3 is x-b3-*. Ids may be short, in upper case or zero. Only x-b3-sampled: 1 means sampled.
// x-b3-flags is ignored. Only x-b3-spanid is written.
var linkerdB3 = linkerdFormat{
	parse: func(h http.Header) (c linkerdContext, ok bool) {
		if len(h.Values("X-B3-Traceid")) == 0 || len(h.Values("X-B3-Spanid")) == 0 {
			return c, false
		}
		var okTrace, okSpan bool
		c.trace, okTrace = decodePadded(h.Get("X-B3-Traceid"), 16)
		c.parent, okSpan = decodePadded(h.Get("X-B3-Spanid"), 8)
		if h.Get("X-B3-Sampled") == "1" {
			c.flags = 1
		}
		return c, okTrace && okSpan
	},
	write: func(h http.Header, _ linkerdContext, span []byte) { h.Set("X-B3-Spanid", hex.EncodeToString(span)) },
}

// decodePadded reads an even number of digits of either case, with zeros on the left up to a size.
func decodePadded(digits string, size int) ([]byte, bool) {
	b, err := hex.DecodeString(digits)
	if missing := size - len(b); err == nil && missing > 0 {
		b = append(make([]byte, missing), b...)
	}
	return b, err == nil
}
