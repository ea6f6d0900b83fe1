package lint

import (
	"go/ast"
	"strings"
)

// OTelOrder reports traceferry and OpenTelemetry's instrumentation in an order that loses or restarts a trace.
var OTelOrder = analyzer("otelorder", `report traceferry and otelhttp or otelgrpc in the wrong order

It reports:
  - httptrace.NewTransport around otelhttp.NewTransport: headers are written before the client
    span starts, so formats that otelhttp does not write carry the ids of its parent span.
  - otelhttp.NewHandler around httptrace.Middleware with another propagator: otelhttp does not see the
    headers that Middleware reads, and restarts the trace.
  - otelhttp.NewHandler around httptrace.Middleware with a decider: otelhttp has already continued the
    untrusted caller's trace.
  - otel.SetTextMapPropagator with another propagator, in a package that uses traceferry.
  - otelgrpc's client handler after grpctrace's: headers are written before the client span starts.`, runOTelOrder)

func runOTelOrder(r *reporter) {
	for c := range r.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		switch fn := callee(r.TypesInfo, call); {
		case isFunc(fn, pathHTTPTrace, "NewTransport") && len(call.Args) > 1:
			if inner := r.call(call.Args[1]); inner != nil && isFunc(callee(r.TypesInfo, inner), pathOTelHTTP, "NewTransport") {
				r.report(call, nil, "httptrace.NewTransport is outside of otelhttp.NewTransport: headers are written before the client's span starts; "+
					"use otelhttp.NewTransport(httptrace.NewTransport(p, base))")
			}
		case isFunc(fn, pathOTelHTTP, "NewHandler") && len(call.Args) > 0:
			r.otelHandler(call)
		case isFunc(fn, "go.opentelemetry.io/otel", "SetTextMapPropagator") && len(call.Args) == 1:
			if r.usesFerry() && !r.isFerry(call.Args[0]) {
				r.report(call, nil, "OpenTelemetry's propagator is not traceferry's: otelhttp and otelgrpc restart traces whose headers it does not read; use otel.SetTextMapPropagator(p)")
			}
		case isFunc(fn, pathGRPC, "NewClient", "Dial", "DialContext"):
			r.otelDial(call)
		}
	}
}

// call returns the call that gives the value of e: e itself, or the call whose result is assigned to the variable in e,
// if that happens once.
func (r *reporter) call(e ast.Expr) *ast.CallExpr {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return e
	case *ast.Ident:
		if v := variable(r.TypesInfo, e); v != nil && len(r.values[v]) == 1 {
			return r.call(r.values[v][0])
		}
	}
	return nil
}

// otelHandler reports an otelhttp.NewHandler around httptrace.Middleware(p, ...)(h) if it has another propagator than
// p, or if it continues the traces of untrusted callers.
func (r *reporter) otelHandler(call *ast.CallExpr) {
	inner := r.call(call.Args[0])
	if inner == nil {
		return
	}
	middleware := r.call(inner.Fun)
	if middleware == nil || !isFunc(callee(r.TypesInfo, middleware), pathHTTPTrace, "Middleware") {
		return
	}
	public := false
	for _, option := range call.Args[1:] {
		o, ok := ast.Unparen(option).(*ast.CallExpr)
		if !ok {
			continue
		}
		switch fn := callee(r.TypesInfo, o); {
		case isFunc(fn, pathOTelHTTP, "WithPropagators") && !r.isFerry(o.Args[0]):
			r.report(option, nil, "otelhttp.NewHandler is outside of httptrace.Middleware and has another propagator: it restarts traces whose headers it does not read; use otelhttp.WithPropagators(p)")
		case isFunc(fn, pathOTelHTTP, "WithPublicEndpoint", "WithPublicEndpointFn"):
			public = true
		}
	}
	for _, option := range middleware.Args[1:] {
		if !public && isNamed(r.TypesInfo.TypeOf(option), pathHTTPTrace, "Decider") {
			r.report(call, nil, "otelhttp.NewHandler is outside of httptrace.Middleware with a decider: it continues the trace of untrusted callers; put Middleware outside, or use otelhttp.WithPublicEndpointFn")
			return
		}
	}
}

// otelDial reports otelgrpc's client handler after the options of grpctrace.
func (r *reporter) otelDial(call *ast.CallExpr) {
	ours := false
	ast.Inspect(call, func(n ast.Node) bool {
		inner, ok := n.(*ast.CallExpr)
		if !ok || inner == call {
			return true
		}
		switch fn := callee(r.TypesInfo, inner); {
		case isFunc(fn, pathGRPCTrace, "DialOptions", "ClientHandler"):
			ours = true
		case ours && isFunc(fn, pathOTelGRPC, "NewClientHandler"):
			r.report(inner, nil, "otelgrpc's handler is registered after grpctrace's: headers are written before the client's span starts; register otelgrpc's first")
		}
		return true
	})
}

// isFerry reports whether a propagator is traceferry's, or contains traceferry's.
func (r *reporter) isFerry(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok && isNamed(r.TypesInfo.TypeOf(e), pathPropagate, "Propagator") {
			found = true
		}
		return !found
	})
	if inner := r.call(e); !found && inner != nil && inner != e {
		return r.isFerry(inner)
	}
	return found
}

// usesFerry reports whether the package connects traceferry with net/http or gRPC.
func (r *reporter) usesFerry() bool {
	for _, pkg := range r.Pkg.Imports() {
		if strings.HasPrefix(pkg.Path(), pathHTTPTrace) || strings.HasPrefix(pkg.Path(), pathGRPCTrace) {
			return true
		}
	}
	return false
}
