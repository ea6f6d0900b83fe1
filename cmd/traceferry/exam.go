package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
)

const (
	atOnce   = 16                    // requests under way together in the last part
	pause    = 20 * time.Millisecond // to wait for one call too many
	patience = 6                     // how many times longer to wait for the very first call
)

// exam is the examination of one service.
type exam struct {
	target     *target
	recordings *recordings
	reader     *reader
	wanted     []propagation.Format
	wait       time.Duration
	timeout    time.Duration

	exchanges []*exchange
	owners    compare.Owners
	byTrace   map[string]*exchange // by trace id, of 32 digits
	usual     int                  // calls that a request makes; -1: not known yet
	noise     bool                 // calls arrived although no request was under way
	marked    bool                 // each call's URI has the id of its request
	strays    int                  // calls that were left out, because their request is unknown
	nameless  int                  // calls of the requests at once that cannot be told apart
}

// exchange is a request to the service, and the calls that it caused.
type exchange struct {
	n       int
	name    string // what it has, for messages
	formats []propagation.Format
	from    samples.Caller
	sent    http.Header
	status  string
	err     error
	calls   []call
	atOnce  bool
}

// id marks the calls of an exchange if the URL has a placeholder.
func (x *exchange) id() string { return x.from.SpanID() }

// run sends all requests and attributes the calls.
func (d *exam) run(ctx context.Context) error {
	if err := d.recordings.open(ctx); err != nil {
		return err
	}
	idle, err := d.recordings.more(ctx, d.wait)
	if err != nil {
		return err
	}
	d.noise, d.byTrace, d.usual = len(idle) > 0, map[string]*exchange{}, -1

	first := d.exchange("no trace header", nil)
	if err := d.one(ctx, first); err != nil {
		return err
	}
	if first.err != nil {
		return fmt.Errorf("the service gives no answer: %w", first.err)
	}
	if len(first.calls) == 0 && !d.noise {
		return nil
	}
	all := propagation.AllFormats()
	parts := []*exchange{}
	for _, f := range all {
		parts = append(parts, d.exchange(f.String(), []propagation.Format{f}))
	}
	for _, x := range append(parts, d.exchange("all formats", all), d.exchange("no trace header", nil)) {
		if err := d.one(ctx, x); err != nil {
			return err
		}
	}
	return d.together(ctx)
}

// exchange prepares a request with headers of its own. Ids are random, since several doctors may use one echo.
func (d *exam) exchange(name string, formats []propagation.Format) *exchange {
	x := &exchange{n: rand.IntN(1 << 52), name: name, formats: formats}
	x.from = samples.New(x.n)
	x.sent = samples.Headers(x.from, formats)
	d.owners.Own(x.n, x.sent)
	d.owners.Own(x.n, compare.Items(compare.Unpadded(x.sent)))
	low := x.from.TraceID()[16:]
	d.byTrace[x.from.TraceID()], d.byTrace[strings.Repeat("0", 16)+low] = x, x
	d.exchanges = append(d.exchanges, x)
	return x
}

// one sends a request and waits for its calls.
func (d *exam) one(ctx context.Context, x *exchange) error {
	d.send(ctx, x)
	calls, err := d.settle(ctx, d.usual)
	if err != nil {
		return err
	}
	d.attribute(calls, x)
	if d.usual < 0 {
		d.usual, d.marked = len(x.calls), d.allMarked(x)
	}
	return ctx.Err()
}

func (d *exam) send(ctx context.Context, x *exchange) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	x.status, x.err = d.target.send(ctx, x.id(), x.sent)
}

// together sends requests at once.
func (d *exam) together(ctx context.Context) error {
	var all []*exchange
	for range atOnce {
		x := d.exchange(fmt.Sprintf("the wanted formats, as one of %d at once", atOnce), d.wanted)
		x.atOnce = true
		all = append(all, x)
	}
	var wg sync.WaitGroup
	for _, x := range all {
		wg.Go(func() { d.send(ctx, x) })
	}
	wg.Wait()
	calls, err := d.settle(ctx, d.usual*atOnce)
	if err != nil {
		return err
	}
	d.attribute(calls, nil)
	return ctx.Err()
}

// settle returns the calls that arrive until the usual number is there, or none has come for a while.
func (d *exam) settle(ctx context.Context, usual int) (calls []call, err error) {
	wait := d.wait
	if usual < 0 {
		wait *= patience
	}
	for end := time.Now().Add(patience * wait); time.Now().Before(end); {
		more, err := d.recordings.more(ctx, wait)
		if err != nil || len(more) == 0 {
			return calls, err
		}
		calls = append(calls, more...)
		if wait = d.wait; usual >= 0 && len(calls) >= usual {
			wait = pause
		}
	}
	return calls, nil
}
