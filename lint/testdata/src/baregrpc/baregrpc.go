// Package baregrpc has connections with and without options that write headers.
package baregrpc

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

var (
	p     *propagation.Propagator
	creds grpc.TransportCredentials
)

func main() {
	http.ListenAndServe(":8080", nil)
	grpc.NewClient("details")                                              // want `grpc.NewClient has no option that writes trace headers: calls on the connection carry none; add grpctrace.DialOptions\(p\) \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#baregrpc\)`
	grpc.NewClient("details", grpc.WithTransportCredentials(creds))        // want `grpc.NewClient has no option`
	grpc.Dial("details", grpc.WithInsecure())                              // want `grpc.Dial has no option`
	grpc.DialContext(context.Background(), "details", grpc.WithInsecure()) // want `grpc.DialContext has no option`
}

func variables(secure bool) {
	opts := []grpc.DialOption{grpc.WithInsecure()}
	if secure {
		opts = append(opts, grpc.WithTransportCredentials(creds))
	}
	grpc.NewClient("details", opts...) // want `grpc.NewClient has no option`

	var more []grpc.DialOption
	more = append(more, options()...)
	grpc.NewClient("details", more...) // want `grpc.NewClient has no option`
}

func options() []grpc.DialOption { return []grpc.DialOption{grpc.WithInsecure(), option()} }

func option() grpc.DialOption { return grpc.WithUnaryInterceptor(retry) }

func retry(ctx context.Context, method string) error { return nil }

// From here on nothing is reported.

func ferried() {
	grpc.NewClient("details", grpctrace.DialOptions(p)...)
	grpc.NewClient("details", append(grpctrace.DialOptions(p), grpc.WithInsecure())...)
	grpc.NewClient("details", grpc.WithInsecure(), grpc.WithStatsHandler(grpctrace.ClientHandler(p)))
	grpc.NewClient("details", grpc.WithStatsHandler(otelgrpc.NewClientHandler()))

	opts := []grpc.DialOption{grpc.WithInsecure()}
	opts = append(opts, grpctrace.DialOptions(p)...)
	grpc.NewClient("details", opts...)
	grpc.NewClient("details", ferriedOptions()...)
	grpc.NewClient("details", grpc.WithUnaryInterceptor(propagateHeaders))
}

func ferriedOptions() []grpc.DialOption { return grpctrace.DialOptions(p) }

func propagateHeaders(ctx context.Context, method string) error { return nil }

type config struct{ opts []grpc.DialOption }

func given(opts ...grpc.DialOption) {
	grpc.NewClient("details", opts...)
	opts = append(opts, grpc.WithInsecure())
	grpc.NewClient("details", opts...)
}

func field(c config) { grpc.NewClient("details", c.opts...) }
