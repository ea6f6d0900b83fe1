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

// Lines are headers by their names in lower case, those of -bin names in base64 without padding. Empty lines, as Envoy's
// OpenTelemetry tracer sends of tracestate, say nothing and are not among them.
type Lines map[string][]string

// Hops is what the services got with each call, before anything of the application read it, and what they sent with
// each, after all of it has written. The zero one is empty; several goroutines may use it. A nil one notes nothing.
type Hops struct {
	mu        sync.Mutex
	got, sent map[Hop]Lines
}

// Got returns what the called got; nil, if the call never arrived.
func (h *Hops) Got(at Hop) Lines {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got[at]
}

// Sent returns what the caller sent; nil, if it made no such call.
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

// handler notes what an HTTP service gets. It stands around all of it.
func (h *Hops) handler(next http.Handler) http.Handler {
	if h == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.note(&h.got, r.URL.Path, r.Header, false)
		next.ServeHTTP(w, r)
	})
}

// transport notes what a client sends. It stands under all of it.
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

// server notes what a gRPC service gets. It is the first of the options.
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

// dial notes what a gRPC client sends. It is the last of the options.
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
