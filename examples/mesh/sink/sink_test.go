package sink

import (
	"net"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const requestID = "04aa033d-d145-9131-bb02-245dc3a89e06"

// open starts a collector that ends with the test.
func open(t *testing.T, start func() (Sink, error)) Sink {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// wantSpans waits until the collector has the expected number of spans. Some clients send later, and UDP does not
// confirm delivery.
func wantSpans(t *testing.T, s Sink, want ...Span) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); len(s.Spans()) < len(want) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	got := s.Spans()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("span %d:\n got %+v\nwant %+v", i, got, want)
		}
	}
}

func dial(t *testing.T, s Sink) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestLoopbackOnly(t *testing.T) {
	for name, start := range map[string]func() (Sink, error){
		"Zipkin": NewZipkin, "OpenTelemetry": NewOpenTelemetry, "Datadog": NewDatadog, "SkyWalking": NewSkyWalking, "XRay": NewXRay,
	} {
		s := open(t, start)
		host, _, err := net.SplitHostPort(s.Addr())
		if ip := net.ParseIP(host); err != nil || !ip.IsLoopback() {
			t.Errorf("the collector %s listens on %s, want a loopback address", name, s.Addr())
		}
	}
}

func TestSpansIsACopy(t *testing.T) {
	s := &store{}
	s.add(Span{ID: "1"})
	s.Spans()[0].ID = "2"
	if got := s.Spans()[0].ID; got != "1" {
		t.Errorf("a change to the result of Spans changed the collector's span to %s, want a copy", got)
	}
}
