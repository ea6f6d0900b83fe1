package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/static"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// gatewayTracers are the tracers that can have one trace id in both meshes, because their ids have one length and one
// notation.
func gatewayTracers() []tracer {
	return slices.DeleteFunc(slices.Clone(tracers), func(t tracer) bool {
		return !slices.Contains([]string{"zipkin", "zipkin-w3c", "opentelemetry"}, t.name)
	})
}

func (o *options) lookGateway(w words) error {
	if w.gateway == "" {
		return nil
	}
	if w.mesh != "envoy" {
		return errors.New("-gateway is for -mesh envoy alone")
	}
	if o.backend != nil {
		return fmt.Errorf("-gateway and -backend exclude each other: each mesh has a collector of its own")
	}
	if _, err := named(gatewayTracers(), "tracer for two meshes", o.tracer.name); err != nil {
		return err
	}
	far, err := named(gatewayTracers(), "tracer for two meshes", w.gateway)
	o.gateway = &far
	return err
}

// tracerOf returns the tracer of the mesh that contains a service.
func (o options) tracerOf(service string) tracer {
	if o.gateway != nil && service != app.Edge && service != nearService {
		return *o.gateway
	}
	return o.tracer
}

// nearService is the only service on the near side of the gateway. Its calls go through the gateway.
const nearService = "productpage"

// gatewayConfig returns a Config that reads the formats of the near tracer and writes those of the far tracer. Formats
// that both use pass unchanged.
func gatewayConfig(near, far tracer) propagation.Config {
	c := propagation.Config{Formats: []propagation.Format{propagation.RequestID}, Emit: far.reads[:1]}
	for _, f := range near.reads {
		if slices.Contains(far.reads, f) {
			c.Formats = append(c.Formats, f)
		} else {
			c.ReadOnly = append(c.ReadOnly, f)
		}
	}
	return c
}

// stale has headers that the near proxies do not advance, but that the far proxies read.
func stale(near, far tracer) (names []string) {
	for _, f := range far.reads {
		if !slices.Contains(near.reads, f) {
			names = append(names, f.Fields()...)
		}
	}
	return names
}

// gateway is a reverse proxy between two meshes. It sends each request to the sidecar of the service in the request's
// Host.
type gateway struct {
	listener net.Listener
	server   *http.Server
}

// startGateway starts a gateway. sidecar returns the host:port of a service's sidecar, or "" for an unknown service.
func startGateway(o options, sidecar func(service string) string) (*gateway, error) {
	p, err := propagation.New(gatewayConfig(o.tracer, *o.gateway))
	if err != nil {
		return nil, err
	}
	drop := stale(o.tracer, *o.gateway)
	if o.forgets {
		p, drop = nil, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot start the gateway: %w", err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) {
			if addr := sidecar(r.In.Host); addr != "" { // otherwise the transport refuses the empty host
				r.SetURL(&url.URL{Scheme: "http", Host: addr})
			}
			r.Out.Host = r.In.Host
			for _, name := range drop {
				r.Out.Header.Del(name)
			}
		}),
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 10 * time.Second},
	}
	g := &gateway{l, &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}}
	go g.server.Serve(l) // ends with Close
	return g, nil
}

func (g *gateway) Addr() string { return g.listener.Addr().String() }
func (g *gateway) Close() error { return g.server.Close() }

// twoSinks are the collectors of two meshes. Addr is the address of the near one.
type twoSinks struct {
	sink.Sink
	far sink.Sink
}

func (t twoSinks) Spans() []sink.Span { return append(t.Sink.Spans(), t.far.Spans()...) }
func (t twoSinks) Close() error       { return errors.Join(t.Sink.Close(), t.far.Close()) }

// startTwoSinks starts both.
func (o options) startTwoSinks() (sink.Sink, error) {
	near, err := o.tracer.sink()
	if err != nil {
		return nil, err
	}
	far, err := o.gateway.sink()
	if err != nil {
		return nil, errors.Join(err, near.Close())
	}
	return twoSinks{near, far}, nil
}

// addGateway puts a second mesh behind a gateway. The collectors must have started, but the mesh must not.
func (m *mesh) addGateway(o options) {
	m.System.(*static.Mesh).Far = &static.Far{
		Near:      nearService,
		Tracer:    o.gateway.envoy,
		Collector: m.collector.(twoSinks).far.Addr(),
		Gateway: func(sidecar func(service string) string) (addr string, err error) {
			if m.gateway, err = startGateway(o, sidecar); err != nil {
				return "", err
			}
			return m.gateway.Addr(), nil
		},
	}
}
