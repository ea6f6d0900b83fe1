package propagationtest_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
)

// carriedByHand is what the hand-written services forward.
var carriedByHand = []string{
	"traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags",
	"grpc-trace-bin", "x-cloud-trace-context", "x-ot-span-context", "x-request-id", "baggage",
}

// briefly waits for calls in the background not as long as by default.
var briefly = propagationtest.Wait(100 * time.Millisecond)

// pick is the careful loop: all lines of each header, none that is absent.
func pick(in http.Header) http.Header {
	out := http.Header{}
	for _, name := range carriedByHand {
		if lines := in.Values(name); len(lines) > 0 {
			out[http.CanonicalHeaderKey(name)] = slices.Clone(lines)
		}
	}
	return out
}

// toMetadata is the careful way to gRPC: lower-case names, and bytes for -bin.
func toMetadata(h http.Header) metadata.MD {
	md := metadata.MD{}
	for name, lines := range h {
		name = strings.ToLower(name)
		for _, l := range lines {
			if strings.HasSuffix(name, "-bin") {
				raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(l, "="))
				if err != nil {
					continue
				}
				l = string(raw)
			}
			md.Append(name, l)
		}
	}
	return md
}

// get calls a URL with headers.
func get(ctx context.Context, client *http.Client, url string, h http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, err
	}
	req.Header = h
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	io.Copy(io.Discard, resp.Body)
	return resp, resp.Body.Close()
}

// dial connects to a gRPC callee.
func dial(target string, opts ...grpc.DialOption) *grpc.ClientConn {
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	return conn
}

// rate makes a unary call with metadata.
func rate(ctx context.Context, conn *grpc.ClientConn, md metadata.MD) error {
	return conn.Invoke(metadata.NewOutgoingContext(ctx, md), "/bookinfo.Ratings/Average", &emptypb.Empty{}, &emptypb.Empty{})
}
