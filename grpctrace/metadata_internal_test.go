package grpctrace

import (
	"context"
	"reflect"
	"testing"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/metadata"
)

// The package finds the context keys of grpc-go's metadata at run time. If this test fails, a new release of grpc-go
// stores metadata in another way. Calls are then still carried, with the slower public functions.
func TestKeysAreLearned(t *testing.T) {
	md := metadata.Pairs("k", "v")
	bg := context.Background()
	if incomingKey == nil || outgoingKey == nil || incomingKey == outgoingKey {
		t.Fatalf("the keys are %v and %v, want two different keys", incomingKey, outgoingKey)
	}
	if got, ok := metadata.NewIncomingContext(bg, md).Value(incomingKey).(metadata.MD); !ok || !sameMap(got, md) {
		t.Errorf("the value for the key of incoming metadata is %v, want the metadata itself", got)
	}
	if got := incoming(metadata.NewIncomingContext(bg, md)); !sameMap(got, md) {
		t.Error("incoming metadata was copied, want the same map")
	}
	in, _ := metadata.FromIncomingContext(context.WithValue(bg, incomingKey, md))
	headerdiff.Check(t, md, in, "what grpc-go finds under the key for incoming metadata")
	out, _ := metadata.FromOutgoingContext(context.WithValue(bg, outgoingKey, wrapOutgoing(md)))
	headerdiff.Check(t, md, out, "what grpc-go finds under the key for outgoing metadata")
}

func sameMap(a, b metadata.MD) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// forget removes the known keys until the test ends.
func forget(t *testing.T) {
	in, out := incomingKey, outgoingKey
	t.Cleanup(func() { incomingKey, outgoingKey = in, out })
	incomingKey, outgoingKey = new(ctxkey.Unlearned), new(ctxkey.Unlearned)
}

func extracted(ctx context.Context, p *propagation.Propagator) context.Context {
	ctx, _ = extract(ctx, p, propagation.Continue)
	return ctx
}

// Without the keys, the package carries the same headers with grpc-go's public functions.
func TestPublicFunctionsCarryTheSame(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	came := metadata.MD{
		"Traceparent": {"00-46000000000000010000000000000001-8000000000000001-01"}, "x-request-id": {"id"},
		"grpc-trace-bin": {"\x00\x01"}, "baggage": {"a=1", "b=2"}, "unrelated": {"1"},
	}
	byHand := metadata.Pairs("traceparent", "stale", "x-request-id", "mine", "own", "1")
	carry := func() [3]metadata.MD {
		ctx := extracted(metadata.NewIncomingContext(context.Background(), came), p)
		first, _ := metadata.FromOutgoingContext(inject(ctx, p, nil))
		again, _ := metadata.FromOutgoingContext(inject(ctx, p, nil))
		merged, _ := metadata.FromOutgoingContext(inject(metadata.NewOutgoingContext(ctx, byHand), p, nil))
		return [3]metadata.MD{first, again, merged}
	}
	learned := carry()
	forget(t)
	for i, got := range carry() {
		headerdiff.Check(t, learned[i], got, "%d, with the keys and without", i)
	}
	want := metadata.MD{
		"traceparent": came["Traceparent"], "x-request-id": {"id"}, "grpc-trace-bin": {"\x00\x01"}, "baggage": {"a=1", "b=2"},
	}
	headerdiff.Check(t, want, learned[0], "carried")
	want["x-request-id"], want["own"] = []string{"mine"}, []string{"1"}
	headerdiff.Check(t, want, learned[2], "merged")
	bg := context.Background()
	if extracted(bg, p) != bg || inject(bg, p, nil) != bg {
		t.Error("a context that carries nothing was changed")
	}
}

// A Propagator makes the outgoing metadata at the first call of an inbound request. All later calls share that
// metadata.
func TestMetadataIsMadeOnce(t *testing.T) {
	p, other := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{})
	ctx := extracted(metadata.NewIncomingContext(context.Background(), metadata.Pairs("b3", "0")), p)
	made := func(p *propagation.Propagator) uintptr {
		raw := reflect.ValueOf(inject(context.WithValue(ctx, t, 1), p, nil).Value(outgoingKey))
		return raw.FieldByName("md").Pointer()
	}
	if first, second := made(p), made(p); first != second {
		t.Error("the metadata was made twice, want it shared")
	}
	if made(p) == made(other) {
		t.Error("two Propagators share metadata, want one each")
	}
}
