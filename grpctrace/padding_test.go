package grpctrace_test

import (
	"bytes"
	"encoding/base64"
	"net"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// TestGRPCReadsBothPaddings: grpc-go reads a grpc-trace-bin with and without padding alike. Linkerd and this library
// over HTTP write padding, and gRPC's libraries do not. grpc-java's TransportFrameUtil and Envoy's former OpenCensus
// tracer (decodeWithoutPadding) accept both, too.
func TestGRPCReadsBothPaddings(t *testing.T) {
	raw := "\x00\x00ABCDEFGHIJKLMNOP\x01abcdefgh\x02\x01"
	got := make(chan []string, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(stream.Context())
		got <- md["grpc-trace-bin"]
		return nil
	}))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: transport}
	for name, encoding := range map[string]*base64.Encoding{"padded": base64.StdEncoding, "unpadded": base64.RawStdEncoding} {
		for size := 27; size <= 29; size++ {
			body := bytes.NewReader(make([]byte, 5))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String()+"/any.Service/Method", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "Grpc-Trace-Bin": {encoding.EncodeToString([]byte(raw[:size]))}}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if values := <-got; len(values) != 1 || values[0] != raw[:size] {
				t.Errorf("%s, %d bytes: grpc-go read %q, want one value with these bytes", name, size, values)
			}
		}
	}
}
