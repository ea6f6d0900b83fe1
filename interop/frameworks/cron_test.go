package frameworks

import (
	"context"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/traceferry/traceferry/propagation"
)

// checkRuns checks two runs of a job with two calls each. The calls of one run have one request id, and the two runs
// have different ids.
func checkRuns(t *testing.T, p *propagation.Propagator, back *backend) {
	t.Helper()
	var ids []string
	for len(ids) < 4 {
		select {
		case h := <-back.arrived:
			ids = append(ids, h.Get("X-Request-Id"))
		case <-time.After(time.Minute):
			t.Fatal("the job does not run")
		}
	}
	if ids[0] == "" || ids[0] != ids[1] || ids[2] != ids[3] || ids[0] == ids[2] {
		t.Errorf("the calls of two runs have the ids %q, want one id for each run", ids)
	}
	if s := p.Stats(); s.Total(propagation.NoContext) != 0 {
		t.Errorf("the counts are %s, want no call without a context", s)
	}
}

func TestCron(t *testing.T) {
	p, client, back := setUp(t)
	cleanUp := func(ctx context.Context) {
		for range 2 {
			if err := callWith(ctx, client, back.url); err != nil {
				t.Error(err)
			}
		}
	}
	scheduler, schedule := cron.New(), "@every 1s"

	_, err := scheduler.AddFunc(schedule, func() { cleanUp(p.Begin(context.Background())) })

	if err != nil {
		t.Fatal(err)
	}
	scheduler.Start()
	defer func() { <-scheduler.Stop().Done() }()
	checkRuns(t, p, back)
}

func TestTicker(t *testing.T) {
	p, client, back := setUp(t)
	runs := 0
	cleanUp := func(ctx context.Context) {
		if runs++; runs > 2 {
			return
		}
		for range 2 {
			if err := callWith(ctx, client, back.url); err != nil {
				t.Error(err)
			}
		}
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	go func() {
		for range ticker.C {
			cleanUp(p.Begin(context.Background()))
		}
	}()
	checkRuns(t, p, back)
}

// If Begin was called once for a context, all runs with that context have one id.
func TestBegunOnce(t *testing.T) {
	p, client, back := setUp(t)
	ctx := p.Begin(context.Background())
	var first string
	for range 2 {
		if err := callWith(p.Begin(ctx), client, back.url); err != nil {
			t.Fatal(err)
		}
		id := back.next(t).Get("X-Request-Id")
		if first == "" {
			first = id
		}
		if id != first {
			t.Error("Begin changed the request id of a context, want the same id as on the page")
		}
	}
}
