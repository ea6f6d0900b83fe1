// Package system is the interface between the mesh example and the meshes that it runs.
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
	// Start starts the mesh and returns when it can receive requests. If it returns an error, Stop must still be called.
	// The processes also end at the end of ctx.
	Start(ctx context.Context, g Ground) (Routes, error)
	// Stop ends all processes and returns when all have ended. Access logs are then complete.
	Stop()
	// Label sets the service and the tags sink.CallTag and sink.BookTag of each span, if the proxies cannot set them. It
	// may use the headers that the services received. It may return spans unchanged.
	Label(spans []sink.Span, got Got) []sink.Span
	// Logs reads the access logs after Stop. A mesh without access logs returns nothing.
	Logs() ([]judge.LogLine, error)
}

// Ground is the environment in which a mesh starts.
type Ground struct {
	Dir       string            // absolute path of the folder for configurations and logs
	Services  map[string]string // host:port of each service of app.Services; ratings speaks HTTP/2
	Collector string            // host:port of the collector for the protocol of the tracer
}

// Routes are the addresses to which requests go.
type Routes struct {
	Entry    string    // host:port of the edge, for the user's requests
	Outbound app.Route // returns the address of each caller's sidecar
	// Callers are the SPIFFE ids of the workloads that may call each service, if sidecars write x-forwarded-client-cert. If
	// it is nil, a service trusts every caller.
	Callers map[string][]string
	Naming  app.Naming // returns headers that tell sidecars the called service; usually nil
}

// Got returns the headers with which a call reached its service.
type Got interface {
	Got(app.Hop) app.Lines
}
