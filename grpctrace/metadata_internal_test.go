package grpctrace

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/metadata"
)

// The keys of grpc-go's metadata are learned. If this test fails, a new release of grpc-go
// keeps metadata in another way: calls are carried all the same, by the slower public functions.
func TestKeysAreLearned(t *testing.T) {
	md := metadata.Pairs("k", "v")
	bg := context.Background()
	if incomingKey == nil || outgoingKey == nil || incomingKey == outgoingKey {
		t.Fatalf("learned %v and %v", incomingKey, outgoingKey)
	}
	if got, ok := metadata.NewIncomingContext(bg, md).Value(incomingKey).(metadata.MD); !ok || !sameMap(got, md) {
		t.Errorf("under the key for incoming metadata is %v", got)
	}
	if got := incoming(metadata.NewIncomingContext(bg, md)); !sameMap(got, md) {
		t.Error("incoming metadata is copied")
	}
	if got, ok := metadata.FromIncomingContext(context.WithValue(bg, incomingKey, md)); !ok || !maps.EqualFunc(got, md, slices.Equal) {
		t.Errorf("grpc-go finds %v under the key for incoming metadata", got)
	}
	if got, ok := metadata.FromOutgoingContext(context.WithValue(bg, outgoingKey, wrapOutgoing(md))); !ok || !maps.EqualFunc(got, md, slices.Equal) {
		t.Errorf("grpc-go finds %v under the key for outgoing metadata", got)
	}
}

func sameMap(a, b metadata.MD) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// forget has the keys unlearned until the test ends.
func forget(t *testing.T) {
	in, out := incomingKey, outgoingKey
	t.Cleanup(func() { incomingKey, outgoingKey = in, out })
	incomingKey, outgoingKey = new(ctxkey.Unlearned), new(ctxkey.Unlearned)
}

func extracted(ctx context.Context, p *propagation.Propagator) context.Context {
	ctx, _ = extract(ctx, p, propagation.Continue)
	return ctx
}

// Without the keys the same is carried, by grpc-go's public functions.
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
	if got := carry(); !reflect.DeepEqual(got, learned) {
		t.Errorf("without the keys: %v\nwith them: %v", got, learned)
	}
	want := metadata.MD{
		"traceparent": came["Traceparent"], "x-request-id": {"id"}, "grpc-trace-bin": {"\x00\x01"}, "baggage": {"a=1", "b=2"},
	}
	if !reflect.DeepEqual(learned[0], want) {
		t.Errorf("carried %v, want %v", learned[0], want)
	}
	want["x-request-id"], want["own"] = []string{"mine"}, []string{"1"}
	if !reflect.DeepEqual(learned[2], want) {
		t.Errorf("merged %v, want %v", learned[2], want)
	}
	bg := context.Background()
	if extracted(bg, p) != bg || inject(bg, p, nil) != bg {
		t.Error("a context that carries nothing was changed")
	}
}

// Metadata is made at the first call of an inbound request and is then the same for all of
// them, by the same Propagator.
func TestMetadataIsMadeOnce(t *testing.T) {
	p, other := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{})
	ctx := extracted(metadata.NewIncomingContext(context.Background(), metadata.Pairs("b3", "0")), p)
	made := func(p *propagation.Propagator) uintptr {
		raw := reflect.ValueOf(inject(context.WithValue(ctx, t, 1), p, nil).Value(outgoingKey))
		return raw.FieldByName("md").Pointer()
	}
	if first, second := made(p), made(p); first != second {
		t.Error("it was made twice")
	}
	if made(p) == made(other) {
		t.Error("two Propagators share it")
	}
}
