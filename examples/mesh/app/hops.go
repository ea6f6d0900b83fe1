package app

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// Hop is one call for one book.
type Hop struct{ Call, Book string }

// Lines are headers by lower-case name. Values of -bin names are in base64 without padding. Empty lines mean nothing,
// and are left out. Envoy's OpenTelemetry tracer sends an empty tracestate.
type Lines map[string][]string

// Hops records the headers of each call, as a service received them and as it sent them. It records received headers
// before the application reads them, and sent headers after the application wrote them. The zero value is empty. It is
// safe for concurrent use. A nil *Hops records nothing.
type Hops struct {
	mu        sync.Mutex
	got, sent map[Hop]Lines
}

// Got returns the headers that the called service received, or nil if the call never arrived.
func (h *Hops) Got(at Hop) Lines {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got[at]
}

// Sent returns the headers that the caller sent, or nil if it made no such call.
func (h *Hops) Sent(at Hop) Lines {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent[at]
}

func (h *Hops) note(into *map[Hop]Lines, path string, headers map[string][]string, raw bool) {
	at, lines := Hop{}, Lines{}
	for _, c := range Calls {
		if strings.HasPrefix(path, c.Path) {
			at.Call = c.Name
		}
	}
	for name, values := range headers {
		name = strings.ToLower(name)
		for _, v := range values {
			switch bin := strings.HasSuffix(name, "-bin"); {
			case v == "":
				continue
			case bin && raw:
				v = base64.RawStdEncoding.EncodeToString([]byte(v))
			case bin:
				v = strings.TrimRight(v, "=")
			}
			lines[name] = append(lines[name], v)
		}
	}
	if book := lines[bookHeader]; len(book) > 0 {
		at.Book = book[0]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if *into == nil {
		*into = map[Hop]Lines{}
	}
	(*into)[at] = lines
}

// handler records the headers that an HTTP service receives. It is the outermost handler.
func (h *Hops) handler(next http.Handler) http.Handler {
	if h == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.note(&h.got, r.URL.Path, r.Header, false)
		next.ServeHTTP(w, r)
	})
}

// transport records the headers that a client sends. It is the innermost transport.
func (h *Hops) transport(base http.RoundTripper) http.RoundTripper {
	if h == nil {
		return base
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		h.note(&h.sent, r.URL.Path, r.Header, false)
		return base.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// server records the metadata that a gRPC service receives. It is the first option.
func (h *Hops) server() []grpc.ServerOption {
	if h == nil {
		return nil
	}
	got := func(ctx context.Context, method string) {
		md, _ := metadata.FromIncomingContext(ctx)
		h.note(&h.got, method, md, true)
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			got(ctx, info.FullMethod)
			return handle(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			got(s.Context(), info.FullMethod)
			return handle(srv, s)
		}),
	}
}

// dial records the metadata that a gRPC client sends. It is the last option.
func (h *Hops) dial() grpc.DialOption {
	if h == nil {
		return grpc.EmptyDialOption{}
	}
	return grpc.WithStatsHandler(sending{h})
}

type sending struct{ *Hops }

func (s sending) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx)
	s.note(&s.sent, info.FullMethodName, md, true)
	return ctx
}

func (sending) HandleRPC(context.Context, stats.RPCStats)                         {}
func (sending) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (sending) HandleConn(context.Context, stats.ConnStats)                       {}
