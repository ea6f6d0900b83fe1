package sidecar

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// number64 is a message whose field 1 is an integer.
type number64 = wrapperspb.Int64Value

// serve starts a gRPC server and returns a connection to it.
func serve(t *testing.T, s *grpc.Server) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// service returns a server with one method, /test/Chat, which calls the handler.
func service(handler func(grpc.ServerStream) error) *grpc.Server {
	s := grpc.NewServer()
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "test", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName:    "Chat",
		Handler:       func(_ any, stream grpc.ServerStream) error { return handler(stream) },
		ServerStreams: true, ClientStreams: true,
	}}}, nil)
	return s
}

var chat = []Call{{Service: "ratings", Path: "/test/Chat", GRPC: true}}

// open begins a call and sends its first message, which is the number of the journey.
func open(t *testing.T, conn *grpc.ClientConn, method string, journey int64, md metadata.MD) (grpc.ClientStream, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), md), 5*time.Second)
	t.Cleanup(cancel)
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(wrapperspb.Int64(journey)); err != nil {
		t.Fatal(err)
	}
	return stream, cancel
}

func TestAGRPCProxyForwardsMessagesBothWays(t *testing.T) {
	p := Proxies{Ledger: new(Ledger), Calls: chat}
	p.Ledger.Begin(7, nil, header())
	proxy := serve(t, p.GRPC(serve(t, service(func(s grpc.ServerStream) error {
		s.SetHeader(metadata.Pairs("first-bin", "\x00\xff"))
		s.SetTrailer(metadata.Pairs("last", "word"))
		for {
			var n number64
			if err := s.RecvMsg(&n); errors.Is(err, io.EOF) {
				return status.Error(codes.DataLoss, "so much for that")
			} else if err != nil {
				return err
			}
			if err := s.SendMsg(wrapperspb.Int64(n.Value + 1)); err != nil {
				return err
			}
		}
	}))))

	stream, _ := open(t, proxy, "/test/Chat", 7, nil)
	for n := int64(8); n < 11; n++ {
		var answer number64
		if err := stream.RecvMsg(&answer); err != nil || answer.Value != n {
			t.Fatalf("%d, %v instead of %d", answer.Value, err, n)
		}
		if err := stream.SendMsg(&answer); err != nil {
			t.Fatal(err)
		}
	}
	stream.CloseSend()
	stream.RecvMsg(new(number64)) // the answer to the last
	if err := stream.RecvMsg(new(number64)); status.Code(err) != codes.DataLoss || status.Convert(err).Message() != "so much for that" {
		t.Errorf("the status is %v, want DataLoss with the service's message", err)
	}
	if header, _ := stream.Header(); !slices.Equal(header["first-bin"], []string{"\x00\xff"}) {
		t.Errorf("the header is %q, want the service's first-bin", header)
	}
	if got := stream.Trailer()["last"]; !slices.Equal(got, []string{"word"}) {
		t.Errorf("the trailer is %q, want the service's word", got)
	}
}

// A caller ends a call by leaving, or by a message that no proxy would read. The proxy must then end its call to the
// service.
func TestAGRPCProxyEndsTheCallToTheService(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error)
	p := Proxies{Ledger: new(Ledger), Calls: chat}
	p.Ledger.Begin(7, nil, header())
	proxy := serve(t, p.GRPC(serve(t, service(func(s grpc.ServerStream) error {
		began <- struct{}{}
		<-s.Context().Done()
		ended <- s.Context().Err()
		return nil
	}))))
	const tooLarge = 5 << 20 // grpc-go reads 4 MiB
	for name, end := range map[string]func(grpc.ClientStream, context.CancelFunc){
		"leaving":         func(_ grpc.ClientStream, cancel context.CancelFunc) { cancel() },
		"a large message": func(s grpc.ClientStream, _ context.CancelFunc) { s.SendMsg(wrapperspb.Bytes(make([]byte, tooLarge))) },
	} {
		stream, cancel := open(t, proxy, "/test/Chat", 7, nil)
		<-began
		end(stream, cancel)
		select {
		case err := <-ended:
			if err != context.Canceled {
				t.Errorf("%s: the service's context ended with %v, want context.Canceled", name, err)
			}
		case <-time.After(4 * time.Second): // before the caller's deadline
			t.Fatalf("%s: the service still runs after the caller has left", name)
		}
	}
}

func TestAGRPCProxyRefuses(t *testing.T) {
	s := service(func(grpc.ServerStream) error { return nil })
	p := Proxies{Ledger: new(Ledger), Calls: chat}
	p.Ledger.Begin(7, nil, header())
	proxy := serve(t, p.GRPC(serve(t, s)))
	answer := func(method string, journey int64) codes.Code {
		stream, _ := open(t, proxy, method, journey, nil)
		err := stream.RecvMsg(new(number64))
		if errors.Is(err, io.EOF) {
			return codes.OK
		}
		return status.Code(err)
	}
	for _, tt := range []struct {
		name, method string
		journey      int64
		want         codes.Code
	}{
		{"a call of the mesh", "/test/Chat", 7, codes.OK},
		{"no such journey", "/test/Chat", 8, codes.InvalidArgument},
		{"a message without number", "/test/Chat", 0, codes.InvalidArgument}, // proto3 does not encode a zero
		{"no such call", "/test/Whisper", 7, codes.InvalidArgument},
	} {
		if got := answer(tt.method, tt.journey); got != tt.want {
			t.Errorf("%s: the status is %v, want %v", tt.name, got, tt.want)
		}
	}
	p.Tamper = func(string, http.Header) error { return errors.New("no more") }
	if got := answer("/test/Chat", 7); got != codes.InvalidArgument {
		t.Errorf("with a failing Tamper, the status is %v, want InvalidArgument", got)
	}
	p.Tamper = nil
	s.Stop()
	if got := answer("/test/Chat", 7); got != codes.Unavailable {
		t.Errorf("with a stopped service, the status is %v, want Unavailable", got)
	}
}

// The service gets the caller's metadata after the proxy has advanced it and then tampered with it, in gRPC's form.
func TestAGRPCProxyAdvancesAndTampers(t *testing.T) {
	raw := func(span string) string {
		b, _ := binaries.DecodeString(traceBin(trace, span, 1, binaries))
		return string(b)
	}
	seen := make(chan metadata.MD, 1)
	p := Proxies{Ledger: new(Ledger), Calls: chat, Tamper: func(service string, h http.Header) error {
		h.Add("Tampered", service)
		h.Set("Odd-Bin", "no base64")
		return nil
	}}
	j := p.Ledger.Begin(7, EnvoyOpenCensus, header("grpc-trace-bin: "+traceBin(trace, parent, 1, binaries), "x-a: 1", "x-a: 2"))
	proxy := serve(t, p.GRPC(serve(t, service(func(s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		seen <- md
		return nil
	}))))
	stream, _ := open(t, proxy, "/test/Chat", 7, metadata.MD{"grpc-trace-bin": {raw(parent)}, "x-a": {"1", "2"}})
	if err := stream.RecvMsg(new(number64)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	hop, md := p.Ledger.End(j)[0], <-seen
	id := newID(trace, parent, "ratings")
	if hop.Carried != 3 || hop.Advanced != 1 || hop.Faults != nil || hop.Span != (Span{trace, id, parent}) {
		t.Errorf("the hop is %+v, want 3 carried headers, 1 advanced and no faults", hop)
	}
	wants := metadata.MD{"grpc-trace-bin": {raw(id)}, "x-a": {"1", "2"}, "tampered": {"ratings"}, "odd-bin": nil}
	for name, want := range wants {
		if !slices.Equal(md[name], want) {
			t.Errorf("%s: %q instead of %q", name, md[name], want)
		}
	}
}

// The headers are those of a service that was called over HTTP and makes gRPC calls.
func TestGRPCProxiesFindEveryFault(t *testing.T) {
	const alien = "a value of another journey"
	for name, tt := range map[string]struct {
		handed []string
		sent   metadata.MD
		want   string
	}{
		"nothing wrong":      {[]string{"a: 1", "a: 2", "b-bin: AAE=", "b-bin: /w=="}, metadata.MD{"a": {"1", "2"}, "b-bin": {"\x00\x01", "\xff"}}, "[]"},
		"nothing at all":     {nil, nil, "[]"},
		"a header lost":      {[]string{"a: 1"}, nil, "[lost]"},
		"a line lost":        {[]string{"a: 1", "a: 2"}, metadata.MD{"a": {"2"}}, "[lost]"},
		"a header doubled":   {[]string{"a: 1"}, metadata.MD{"a": {"1", "1"}}, "[duplicated]"},
		"a header changed":   {[]string{"a: 1"}, metadata.MD{"a": {"2"}}, "[changed]"},
		"bytes lost":         {[]string{"b-bin: AAE="}, nil, "[lost]"},
		"bytes doubled":      {[]string{"b-bin: AAE="}, metadata.MD{"b-bin": {"\x00\x01", "\x00\x01"}}, "[duplicated]"},
		"bytes changed":      {[]string{"b-bin: AAE="}, metadata.MD{"b-bin": {"\x00\x02"}}, "[changed]"},
		"base64 of base64":   {[]string{"b-bin: AAE="}, metadata.MD{"b-bin": {"AAE="}}, "[changed]"},
		"a header invented":  {nil, metadata.MD{"b3": {"0"}}, "[invented]"},
		"another journey's":  {[]string{"a: 1"}, metadata.MD{"a": {alien}}, "[mixed up]"},
		"gRPC cannot say it": {[]string{"a: z\u00fcrich", "te: x", "content-type: x", "grpc-timeout: 1S", "grpc-encoding: x"}, nil, "[lost lost lost lost lost]"},
		"nor may it try":     {[]string{"content-type: application/grpc"}, metadata.MD{"content-type": {"application/grpc"}}, "[lost]"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Proxies{Ledger: new(Ledger), Calls: chat}
			p.Ledger.Begin(1, nil, header("a: "+alien))
			j := p.Ledger.Begin(7, nil, header(tt.handed...))
			proxy := serve(t, p.GRPC(serve(t, service(func(grpc.ServerStream) error { return nil }))))
			stream, _ := open(t, proxy, "/test/Chat", 7, tt.sent)
			if err := stream.RecvMsg(new(number64)); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			hop := p.Ledger.End(j)[0]
			if got := kinds(hop); got != tt.want {
				t.Errorf("found the faults %s, want %s: %+v", got, tt.want, hop.Faults)
			}
		})
	}
}
