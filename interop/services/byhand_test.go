package services

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation/propagationtest"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
)

// carried are the headers that the hand-written loop copies.
var carried = []string{
	"traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags",
	"grpc-trace-bin", "x-cloud-trace-context", "x-ot-span-context", "x-request-id", "baggage",
}

// TestByHand: a loop passes if it copies all lines, does not send absent headers, and converts -bin values for gRPC.
func TestByHand(t *testing.T) {
	m := propagationtest.New(t)
	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	conn := dial(t, ratings.Target)
	m.Drive(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, md := http.Header{}, metadata.MD{}
		for _, name := range carried {
			for _, line := range r.Header.Values(name) {
				h.Add(name, line)
				if strings.HasSuffix(name, "-bin") {
					raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(line, "="))
					if err != nil {
						continue
					}
					line = string(raw)
				}
				md.Append(name, line)
			}
		}
		ctx := metadata.NewOutgoingContext(r.Context(), md)
		err := errors.Join(call(ctx, details.URL, h), conn.Invoke(ctx, emptyCall, new(testgrpc.Empty), new(testgrpc.Empty)))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
}

func call(ctx context.Context, url string, h http.Header) error {
	return get(ctx, &http.Client{Transport: setting{h}}, url)
}

// setting is a transport that sets headers.
type setting struct{ h http.Header }

func (s setting) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, lines := range s.h {
		r.Header[name] = slices.Clone(lines)
	}
	return http.DefaultTransport.RoundTrip(r)
}
