package childenv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/propagators/envcar"
	otel "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const requests = 10

// p is the Propagator of both processes.
var p = propagation.MustNew(propagation.Config{
	Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, InternalHosts: []string{"env:worker"},
})

// TestMain runs service B, the child process, if the arguments have the URL of service C and the name of a request.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "child" {
		if err := jobtrip.Call(begin(p), p, os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// send sends a request to service A, which starts a child process with the Propagator a and waits for it.
func send(t *testing.T, trip *jobtrip.Trip, a *propagation.Propagator, name string, h http.Header) {
	t.Helper()
	trip.Request(h, func(ctx context.Context) error {
		child, err := start(ctx, a, os.Args[0], "child", trip.C, name)
		if err != nil {
			return err
		}
		return child.Wait()
	})
}

// TestChildren: each child process has the headers of its own request.
func TestChildren(t *testing.T) {
	trip := jobtrip.New(t, p)
	for n := range requests {
		send(t, trip, p, jobtrip.Name(n), jobtrip.Headers(n, propagation.AllFormats()...))
	}
	for n := range requests {
		trip.Got(jobtrip.Name(n), jobtrip.Joined(jobtrip.Headers(n, propagation.AllFormats()...)))
	}
}

// TestSecondStart: if a child is started again, it has the same headers.
func TestSecondStart(t *testing.T) {
	trip, h := jobtrip.New(t, p), jobtrip.Headers(1, propagation.AllFormats()...)
	trip.Request(h, func(ctx context.Context) error {
		for range 2 {
			child, err := start(ctx, p, os.Args[0], "child", trip.C, "job")
			if err != nil {
				return err
			}
			if err := child.Wait(); err != nil {
				return err
			}
		}
		return nil
	})
	trip.Got("job", jobtrip.Joined(h), jobtrip.Joined(h))
}

// TestNoUserData: other programs on the machine may read the environment. So by default it has no user data.
func TestNoUserData(t *testing.T) {
	trip := jobtrip.New(t, p)
	received, want := jobtrip.Partner(1)
	send(t, trip, jobtrip.Everything(), "job", received)
	trip.Got("job", jobtrip.Joined(want))
}

// TestInherited: a child does not get the headers with which its parent was started.
func TestInherited(t *testing.T) {
	for name, lines := range jobtrip.Headers(2, propagation.AllFormats()...) {
		t.Setenv(variable(name), lines[0])
	}
	trip, h := jobtrip.New(t, p), jobtrip.Headers(1, propagation.W3C)
	send(t, trip, p, "job", h)
	trip.Got("job", jobtrip.Joined(h))
}

// TestNames: names follow OpenTelemetry's specification, like those of its own carrier.
func TestNames(t *testing.T) {
	for _, name := range append(p.Fields(), "uberctx-user", "ot-baggage-user", "l5d-ctx-trace") {
		var want string
		carrier := envcar.Carrier{SetEnvFunc: func(key, _ string) { want = key }}
		carrier.Set(name, "")
		if got := variable(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
		if got := header(want); got != name {
			t.Errorf("%s is read as %s, want %s", want, got, name)
		}
	}
}

// TestOpenTelemetry: a child with OpenTelemetry's carrier and propagator reads our headers, and the reverse.
func TestOpenTelemetry(t *testing.T) {
	ctx := p.ExtractHTTP(context.Background(), jobtrip.Headers(1, propagation.W3C))
	var cmd exec.Cmd
	add(ctx, p, &cmd)
	for _, line := range cmd.Env {
		name, value, _ := strings.Cut(line, "=")
		t.Setenv(name, value)
	}
	want, _ := propagation.RemoteFromContext(ctx)
	read := otel.TraceContext{}.Extract(context.Background(), &envcar.Carrier{})
	if got := trace.SpanContextFromContext(read); got.SpanID().String() != want.SpanID.String() || got.TraceState().Len() != 3 {
		t.Errorf("OpenTelemetry reads %v, want %v", got, want)
	}

	os.Unsetenv("TRACEPARENT")
	os.Unsetenv("TRACESTATE")
	otel.TraceContext{}.Inject(read, &envcar.Carrier{SetEnvFunc: func(name, value string) { t.Setenv(name, value) }})
	if got, _ := propagation.RemoteFromContext(begin(p)); got.SpanID != want.SpanID || got.TraceID != want.TraceID {
		t.Errorf("we read %v, want %v", got, want)
	}
}

// TestUnderscore: a name with an underscore and the same name with a hyphen become one variable.
func TestUnderscore(t *testing.T) {
	trip := jobtrip.New(t, p)
	send(t, trip, p, "job", http.Header{"Uberctx-User_id": {"7"}})
	trip.Got("job", http.Header{"Uberctx-User-Id": {"7"}})
}

// TestBytes: Linux accepts no variable of 128 KiB, and os/exec accepts none with a zero byte.
func TestBytes(t *testing.T) {
	for name, test := range map[string]struct {
		value string
		want  error
	}{
		"128 KiB":   {strings.Repeat("a", 128<<10), syscall.E2BIG},
		"zero byte": {"a\x00b", nil},
	} {
		cmd := exec.Command("true")
		cmd.Env = []string{"BAGGAGE=" + test.value}
		if err := cmd.Run(); err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}
