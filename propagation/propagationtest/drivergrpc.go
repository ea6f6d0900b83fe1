package propagationtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/sidecar"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// grpcDriver drives a gRPC service.
type grpcDriver struct {
	conn    *grpc.ClientConn
	methods []Request
}

// ownServices are those of gRPC itself, which call nobody.
var ownServices = []string{"grpc.health.", "grpc.reflection.", "grpc.channelz."}

// driveServer serves a server and calls all of its methods but those of gRPC's own services.
func (m *Mesh) driveServer(s *grpc.Server) (driver, error) {
	var methods []Request
	services := s.GetServiceInfo()
	for _, service := range slices.Sorted(maps.Keys(services)) {
		if slices.ContainsFunc(ownServices, func(p string) bool { return strings.HasPrefix(service, p) }) {
			continue
		}
		for _, method := range services[service].Methods {
			methods = append(methods, Request{Path: "/" + service + "/" + method.Name})
		}
	}
	if len(methods) == 0 && len(m.conf.requests) == 0 {
		if len(services) == 0 {
			return nil, errors.New("propagationtest: the gRPC server has no service")
		}
		return nil, fmt.Errorf("propagationtest: the gRPC server has only services of gRPC itself (%s): name the methods with Requests",
			strings.Join(slices.Sorted(maps.Keys(services)), ", "))
	}
	return m.driveTarget(m.serve(s.Serve, s.Stop), methods)
}

func (m *Mesh) driveTarget(target string, methods []Request) (driver, error) {
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	m.closers = append(m.closers, func() { conn.Close() })
	return &grpcDriver{conn, methods}, nil
}

func (d *grpcDriver) requests() []Request { return d.methods }

func (*grpcDriver) grpc() bool { return true }

// send makes a call of any kind: it sends one message, says that there is no other, and reads all answers. A status is an answer.
func (d *grpcDriver) send(ctx context.Context, r Request, h http.Header) (answer, error) {
	for name, lines := range r.Header {
		h[http.CanonicalHeaderKey(name)] = lines
	}
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(ctx, sidecar.MetadataOf(h)))
	defer cancel()
	s, err := d.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, r.Path, grpc.ForceCodecV2(sidecar.Frames{}))
	if err == nil {
		err = s.SendMsg(sidecar.Frame(r.Body))
	}
	if err == nil {
		err = s.CloseSend()
	}
	for err == nil {
		var out sidecar.Frame
		err = s.RecvMsg(&out)
	}
	if s == nil {
		return answer{}, err
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	md, _ := s.Header()
	return answer{status.Code(err).String(), sidecar.HeaderOf(md)}, nil
}
