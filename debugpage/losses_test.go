package debugpage_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/debugpage"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/retained"
	"github.com/traceferry/traceferry/propagation"
)

func lossAt(line int) propagation.Loss {
	return propagation.Loss{Reason: propagation.LostClient, Destination: "reviews:9080", Method: "GET", Function: "shop.cart", File: "/src/shop/cart.go", Line: line}
}

// TestLossesBySite: losses of one line and reason are one site, with the last call and the number of calls.
func TestLossesBySite(t *testing.T) {
	var l debugpage.Losses
	o := l.Observer(nil)
	before := time.Now()
	o.Lost(t.Context(), lossAt(41))
	last := lossAt(41)
	last.Destination, last.Method = "ratings", "POST"
	o.Lost(t.Context(), last)
	other := lossAt(41)
	other.Reason = propagation.LostTime
	o.Lost(t.Context(), other)
	o.Lost(t.Context(), propagation.Loss{}) // without a source line
	counts := map[propagation.Loss]uint64{}
	for _, s := range l.Sites() {
		counts[s.Loss] = s.Count
		if s.First.Before(before) || s.Last.Before(s.First) || time.Now().Before(s.Last) {
			t.Errorf("the site's first and last times are %v and %v, want those of its first and last call", s.First, s.Last)
		}
	}
	want := map[propagation.Loss]uint64{last: 2, other: 1, {}: 1}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", counts, want)
	}
	if first := l.Sites()[0].Loss; first != (propagation.Loss{}) {
		t.Errorf("the first site is %v, want the most recent one", first)
	}
}

// TestLossesAreBounded: a large number of sites, or a long method, does not keep much memory.
func TestLossesAreBounded(t *testing.T) {
	var l debugpage.Losses
	o := l.Observer(nil)
	for line := range 1000 {
		loss := lossAt(line)
		loss.Method = strings.Repeat("m", 1<<16)
		o.Lost(t.Context(), loss)
		o.Lost(t.Context(), lossAt(0)) // this site stays, because it is never the oldest
	}
	sites := l.Sites()
	if len(sites) != 100 || l.Forgotten() != 900 {
		t.Fatalf("Losses has %d sites and has forgotten %d", len(sites), l.Forgotten())
	}
	kept := map[int]uint64{}
	for _, s := range sites {
		kept[s.Loss.Line] = s.Count
		if len(s.Loss.Method) > 256 {
			t.Errorf("Losses keeps a method of %d bytes, want a shortened one", len(s.Loss.Method))
		}
	}
	if kept[0] != 1001 || kept[999] != 1 || kept[901] != 1 || kept[900] != 0 {
		t.Errorf("Losses has kept the sites %v", kept)
	}
}

// TestLossesKeepNoRequest: Losses copies the data of a request, so that the request's memory is freed.
func TestLossesKeepNoRequest(t *testing.T) {
	var l debugpage.Losses
	var watched retained.Strings
	func() {
		request := strings.Repeat("/shop.Cart/", 1<<10)
		watched.Watch(request)
		loss := lossAt(41)
		loss.Method, loss.Destination = request[:11], request[1:5]
		l.Observer(nil).Lost(t.Context(), loss)
	}()
	if n := watched.Bytes(0); n > 0 {
		t.Errorf("Losses keeps %d bytes of the request, want its memory freed", n)
	}
	if got := l.Sites()[0].Loss.Method; got != "/shop.Cart/" {
		t.Errorf("the method is %q", got)
	}
}

// TestLossesObserver: the functions of the user's own Observer are called, and it does not change.
func TestLossesObserver(t *testing.T) {
	var l debugpage.Losses
	var got []string
	own := &propagation.Observer{
		Outcome:   func(context.Context, propagation.Format, propagation.Outcome) { got = append(got, "outcome") },
		Extracted: func(context.Context, []propagation.Format) { got = append(got, "extracted") },
		Lost:      func(_ context.Context, loss propagation.Loss) { got = append(got, loss.String()) },
	}
	o := l.Observer(own)
	o.Outcome(t.Context(), 0, propagation.NoContext)
	o.Extracted(t.Context(), nil)
	o.Lost(t.Context(), lossAt(41))
	if want := fmt.Sprint([]string{"outcome", "extracted", lossAt(41).String()}); fmt.Sprint(got) != want {
		t.Errorf("the Observer got %v, want %v", got, want)
	}
	own.Lost(t.Context(), lossAt(42))
	if n := len(l.Sites()); n != 1 {
		t.Errorf("%d sites, although one loss went through the Losses", n)
	}
	if alone := l.Observer(nil); alone.Outcome != nil || alone.Extracted != nil {
		t.Error("the Observer has Outcome or Extracted, want neither, because they cost each request")
	}
	var none *debugpage.Losses
	if none.Sites() != nil || none.Forgotten() != 0 {
		t.Error("a nil Losses returns losses, want none")
	}
}

// TestLossesConcurrently is for the race detector.
func TestLossesConcurrently(t *testing.T) {
	var l debugpage.Losses
	o := l.Observer(nil)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				o.Lost(context.Background(), lossAt(g*1000+i%150))
				if i%50 == 0 {
					l.Sites()
				}
			}
		})
	}
	wg.Wait()
	if n := len(l.Sites()); n != 100 {
		t.Errorf("%d sites", n)
	}
}

// TestLossesCost: a loss of a known site allocates nothing.
func TestLossesCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	var l debugpage.Losses
	o, ctx, loss := l.Observer(nil), context.Background(), lossAt(41)
	if n := testing.AllocsPerRun(100, func() { o.Lost(ctx, loss) }); n != 0 {
		t.Errorf("a loss costs %v allocations", n)
	}
}
