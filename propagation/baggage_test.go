package propagation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// bagOf parses a list of which OpenTelemetry accepts every member.
func bagOf(t *testing.T, list string) baggage.Baggage {
	t.Helper()
	bag, err := baggage.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return bag
}

// setMember sets a member in the context's baggage, as an application does.
func setMember(t *testing.T, ctx context.Context, key, value string) context.Context {
	t.Helper()
	m, err := baggage.NewMember(key, value)
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.FromContext(ctx).SetMember(m)
	if err != nil {
		t.Fatal(err)
	}
	return baggage.ContextWithBaggage(ctx, bag)
}

// deleteMember deletes a member from the context's baggage, as an application does.
func deleteMember(ctx context.Context, key string) context.Context {
	return baggage.ContextWithBaggage(ctx, baggage.FromContext(ctx).DeleteMember(key))
}

// lowered returns a header with its names in lower case, as gRPC metadata.
func lowered(h map[string][]string) map[string][]string {
	md := map[string][]string{}
	for name, vals := range h {
		md[strings.ToLower(name)] = vals
	}
	return md
}

// TestBaggageRead: OpenTelemetry gets the members that it accepts. The lines are parsed on first use.
func TestBaggageRead(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := received(p, "Baggage", "user=j%20d;admin , region=eu", "Baggage", "bad member, user=jason")
	expectCounts(t, p, nil)
	bag := baggage.FromContext(ctx)
	if bag.Len() != 2 || bag.Member("user").Value() != "jason" || bag.Member("region").Value() != "eu" {
		t.Errorf("the baggage is %q, want user=jason and region=eu", bag)
	}
	baggage.FromContext(ctx)
	expectCounts(t, p, map[string]uint64{"baggage malformed": 1}) // once

	plain := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	if bag := baggage.FromContext(received(plain, "Baggage", "k=v", "Traceparent", callerW3C)); bag.Len() != 0 {
		t.Errorf("the baggage is %q, want nothing, because the Propagator does not carry baggage", bag)
	}
}

// TestBaggageChanged: members that the application does not change are sent as received.
func TestBaggageChanged(t *testing.T) {
	const came = "a=1;p=q , b=%20x,bad member,c=3, a=2"
	for name, test := range map[string]struct {
		change func(context.Context) context.Context
		want   []string
	}{
		"nothing": {func(ctx context.Context) context.Context { return ctx }, []string{came, "d=4"}},
		"read":    {func(ctx context.Context) context.Context { baggage.FromContext(ctx); return ctx }, []string{came, "d=4"}},
		"set as it was": {func(ctx context.Context) context.Context {
			return baggage.ContextWithBaggage(ctx, baggage.FromContext(ctx))
		}, []string{came, "d=4"}},
		"one set as it was":  {func(ctx context.Context) context.Context { return setMember(t, ctx, "c", "3") }, []string{came, "d=4"}},
		"changed and back":   {func(ctx context.Context) context.Context { return setMember(t, setMember(t, ctx, "c", "x"), "c", "3") }, []string{came, "d=4"}},
		"added":              {func(ctx context.Context) context.Context { return setMember(t, ctx, "e", "5") }, []string{"a=1;p=q,b=%20x,bad member,c=3,a=2,d=4,e=5"}},
		"changed":            {func(ctx context.Context) context.Context { return setMember(t, ctx, "b", "y") }, []string{"a=1;p=q,bad member,c=3,a=2,d=4,b=y"}},
		"changed, was twice": {func(ctx context.Context) context.Context { return setMember(t, ctx, "a", "9") }, []string{"b=%20x,bad member,c=3,d=4,a=9"}},
		"deleted":            {func(ctx context.Context) context.Context { return deleteMember(ctx, "c") }, []string{"a=1;p=q,b=%20x,bad member,a=2,d=4"}},
		"all at once": {func(ctx context.Context) context.Context {
			return deleteMember(setMember(t, setMember(t, ctx, "z", "26"), "b", "y"), "d")
		}, []string{"a=1;p=q,bad member,c=3,a=2,b=y,z=26"}},
		"without": {baggage.ContextWithoutBaggage, nil},
		"another": {func(ctx context.Context) context.Context { return baggage.ContextWithBaggage(ctx, bagOf(t, "x=1")) }, []string{"bad member,x=1"}},
		"all deleted": {func(ctx context.Context) context.Context {
			return deleteMember(deleteMember(deleteMember(deleteMember(ctx, "a"), "b"), "c"), "d")
		}, nil},
		"key of no header": {func(ctx context.Context) context.Context {
			m, err := baggage.NewMemberRaw("ключ", "v") // OpenTelemetry accepts such a key, but never sends it
			if err != nil {
				t.Fatal(err)
			}
			bag, _ := baggage.FromContext(ctx).SetMember(m)
			return baggage.ContextWithBaggage(ctx, bag)
		}, []string{"a=1;p=q,b=%20x,bad member,c=3,a=2,d=4"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
			ctx := received(p, "Traceparent", callerW3C, "Baggage", came, "Baggage", "d=4")
			for range 2 { // reading the baggage does not change it
				changed := test.change(ctx)
				want := carrier("Traceparent", callerW3C)
				if test.want != nil {
					want["Baggage"] = test.want
				}
				expect(t, sent(p, changed), want)
				expect(t, sentMetadata(p, changed), lowered(want))
				text := otelprop.MapCarrier{}
				p.Inject(changed, text)
				if got := text["baggage"]; got != strings.Join(test.want, ",") {
					t.Errorf("the map has the baggage %q, want %q", got, strings.Join(test.want, ","))
				}
				expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "Baggage", came, "Baggage", "d=4"))
			}
		})
	}
}

// TestBaggageMany: OpenTelemetry keeps 64 members. If the application changes the baggage, the other received members are
// still sent.
func TestBaggageMany(t *testing.T) {
	var members []string
	for i := range 512 {
		members = append(members, fmt.Sprintf("key%03d=%d", i, i))
	}
	list := strings.Join(members, ",")
	if len(list) > 8192-20 {
		t.Fatalf("the list of this test has %d bytes, want at most %d", len(list), 8192-20)
	}
	p := compile(t, propagation.Config{})
	ctx := received(p, "Baggage", list)
	expect(t, sent(p, ctx), carrier("Baggage", list))
	expect(t, sent(p, setMember(t, ctx, "added", "1")), carrier("Baggage", list+",added=1"))
	expect(t, sent(p, setMember(t, ctx, "key000", "x")), carrier("Baggage", strings.Join(members[1:], ",")+",key000=x"))
	expect(t, sent(p, setMember(t, ctx, "key511", "x")), carrier("Baggage", strings.Join(members[:511], ",")+",key511=x"))
	expect(t, sent(p, deleteMember(ctx, "key001")), carrier("Baggage", members[0]+","+strings.Join(members[2:], ",")))
}

// TestBaggageBytes: if members of the application make the list larger than 8192 bytes, Inject leaves out the last received
// members, each as a whole.
func TestBaggageBytes(t *testing.T) {
	const most, last, added = 8192, "last=1", "added=1"
	for size := most - 20; size < most; size++ {
		p := compile(t, propagation.Config{})
		first := "first=" + strings.Repeat("x", size-len("first=,"+last))
		want := first + "," + last + "," + added
		if len(want) > most {
			want = first + "," + added
		}
		out := sent(p, setMember(t, received(p, "Baggage", first+","+last), "added", "1"))
		if got := out.Get("Baggage"); len(got) > most {
			t.Errorf("received %d bytes, sent %d, want at most %d: a receiver with this limit drops all of them", size, len(got), most)
		} else if got != want {
			t.Errorf("received %d bytes, sent %d, want %d", size, len(got), len(want))
		}
	}
}

// TestBaggageOfTheApplication: baggage that the application sets is sent, also if nothing was captured.
func TestBaggageOfTheApplication(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := baggage.ContextWithBaggage(context.Background(), bagOf(t, "k=v"))
	out := carrier("Baggage", "stale", "Traceparent", "the caller's own")
	p.InjectHTTP(ctx, out)
	expect(t, out, carrier("Baggage", "k=v", "Traceparent", "the caller's own"))
	expect(t, sentMetadata(p, ctx), metadataOf("baggage", "k=v"))

	expect(t, sent(p, setMember(t, received(p, "B3", "0"), "k", "v")), carrier("B3", "0", "Baggage", "k=v"))

	plain := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	expect(t, sent(plain, ctx), nil)
}

// TestBaggageOfOuterExtract: an outer propagator, such as that of otelhttp, has put the same baggage into the context.
func TestBaggageOfOuterExtract(t *testing.T) {
	const came = "a=1;p=q , b=%20x"
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Baggage", came)
	outer := otelprop.Baggage{}.Extract(context.Background(), otelprop.HeaderCarrier(in))

	ctx := p.ExtractHTTP(outer, in)
	expect(t, sent(p, ctx), in)
	expect(t, sent(p, setMember(t, ctx, "c", "3")), carrier("Traceparent", callerW3C, "Baggage", "a=1;p=q,b=%20x,c=3"))
	expect(t, sent(p, baggage.ContextWithoutBaggage(ctx)), carrier("Traceparent", callerW3C))

	// The application has changed the baggage between the two Extracts.
	ctx = p.ExtractHTTP(setMember(t, outer, "c", "3"), in)
	if bag := baggage.FromContext(ctx); bag.Len() != 3 {
		t.Errorf("the baggage is %q, want the application's change in it", bag)
	}
	expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "Baggage", "a=1;p=q,b=%20x,c=3"))

	// Extract hides the change, as OpenTelemetry's own Extract does.
	ctx = p.Extract(setMember(t, outer, "c", "3"), otelprop.HeaderCarrier(in))
	expect(t, sent(p, ctx), in)

	// The application has set baggage before, and no baggage was received.
	ctx = p.ExtractHTTP(setMember(t, context.Background(), "k", "v"), carrier("Traceparent", callerW3C))
	expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "Baggage", "k=v"))
}

// TestBaggageNotHidden: malformed baggage lines do not hide the application's baggage from readers of the context or
// from the next service.
func TestBaggageNotHidden(t *testing.T) {
	for name, ask := range map[string]func(context.Context){
		"not read": func(context.Context) {},
		"read": func(ctx context.Context) {
			if bag := baggage.FromContext(ctx); bag.String() != "k=v" {
				t.Errorf("the baggage is %q, want k=v", bag)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{})
			ctx := p.Extract(setMember(t, context.Background(), "k", "v"), otelprop.HeaderCarrier(carrier("Baggage", "bad member")))
			ask(ctx)
			expect(t, sent(p, ctx), carrier("Baggage", "bad member,k=v"))
		})
	}
}
