package propagationtest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// Loss is a reason why headers were lost, and the place in the service's source.
type Loss struct {
	Reason string // "no context", "baggage disallowed"
	File   string // empty: not known
	Line   int
}

// String returns the reason and, if it is known, the place as FILE:LINE.
func (l Loss) String() string {
	if l.File == "" {
		return l.Reason
	}
	return fmt.Sprintf("%s at %s:%d", l.Reason, l.File, l.Line)
}

// losing are the outcomes after which a call carries less than was received.
var losing = []propagation.Outcome{
	propagation.TooLarge, propagation.Stale, propagation.Unsendable, propagation.NoContext, propagation.Untrusted, propagation.Disallowed,
}

// Observer returns an Observer for a service that uses traceferry:
//
//	p := propagation.MustNew(propagation.Config{Observer: m.Observer()})
//
// With it, failures about lost headers have the outcomes that traceferry counted and the line of the service that made the
// call. The line is the nearest one outside traceferry, net/http, grpc-go, OpenTelemetry and generated protobuf code. A call with a
// client that does not use traceferry is not observed. An Observer of the service's own can call this one's Outcome.
// All losses of a request
// go to all its failures about lost headers. Each call that loses something walks its stack. Any goroutine may call it.
func (m *Mesh) Observer() *propagation.Observer {
	return &propagation.Observer{Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
		if !slices.Contains(losing, o) {
			return
		}
		loss := Loss{Reason: o.String()}
		if f != 0 {
			loss.Reason = f.String() + " " + loss.Reason
		}
		loss.File, loss.Line = serviceLine()
		m.mu.Lock()
		defer m.mu.Unlock()
		if !slices.Contains(m.losses, loss) {
			m.losses = append(m.losses, loss)
		}
	}}
}

// libraries are the beginnings of names of functions that are not the service's.
var libraries = []string{
	"runtime.", "net/http.", "net/http/", "google.golang.org/grpc", "go.opentelemetry.io/",
	"github.com/traceferry/traceferry/propagation.", "github.com/traceferry/traceferry/propagation/propagationtest.",
	"github.com/traceferry/traceferry/httptrace.", "github.com/traceferry/traceferry/grpctrace.", "github.com/traceferry/traceferry/internal/",
}

// serviceLine returns the nearest line of the stack that is the service's. It is for the function of Observer; an empty file if there is none.
func serviceLine() (file string, line int) {
	var pcs [64]uintptr
	// The compiler may inline Observer into the service, so the frame of its function has the service's name: skip it.
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	told := false // by traceferry: what is nearer is an Observer
	for {
		f, more := frames.Next()
		told = told || strings.HasPrefix(f.Function, "github.com/traceferry/traceferry/internal/")
		isIn := func(library string) bool { return strings.HasPrefix(f.Function, library) }
		if told && f.Function != "" && !slices.ContainsFunc(libraries, isIn) && !strings.HasSuffix(f.File, ".pb.go") {
			return f.File, f.Line
		}
		if !more {
			return "", 0
		}
	}
}
