// Package system is the seam between the mesh example and the meshes that it runs.
package system

import (
	"context"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// System is a mesh that can be started: its proxies, and its control plane if it has one.
// Each process listens on loopback only.
type System interface {
	// Start starts the mesh and returns when it can take requests. If it errs, Stop must
	// still be called. The end of ctx ends the processes, too.
	Start(ctx context.Context, g Ground) (Routes, error)
	// Stop ends all processes and returns when none is left. Access logs are then complete.
	Stop()
	// Label gives each span its service and its tags sink.CallTag and sink.BookTag, if the
	// proxies cannot. It may read what the services got. It may return spans as they are.
	Label(spans []sink.Span, got Got) []sink.Span
	// Logs reads the access logs, after Stop. A mesh without access logs returns none.
	Logs() ([]judge.LogLine, error)
}

// Ground is what a mesh finds when it starts.
type Ground struct {
	Dir       string            // absolute, for configurations and logs
	Services  map[string]string // host:port of each of app.Services; ratings speaks HTTP/2
	Collector string            // host:port of the collector, in the protocol of the tracer
}

// Routes says where requests go in.
type Routes struct {
	Entry    string    // host:port of the edge, for the user's requests
	Outbound app.Route // the sidecar of each caller
	// Callers are the SPIFFE ids of those that may call each service, where sidecars write
	// x-forwarded-client-cert; nil: a service trusts every caller.
	Callers map[string][]string
	Naming  app.Naming // headers by which sidecars know the called service; usually nil
}

// Got tells with which headers a call reached its service.
type Got interface {
	Got(app.Hop) app.Lines
}
