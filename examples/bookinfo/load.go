package main

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

// concurrency is how many requests of a load are under way at once.
const concurrency = 64

// load sends n requests with ids of their own through one set of services, the formats in turn.
func load(ctx context.Context, n int, start starter, sabotage saboteur, done func()) (*verdict, error) {
	m, err := start(propagation.Config{Formats: propagation.AllFormats()}, new(sidecar.Ledger), sabotage)
	if err != nil {
		return nil, err
	}
	defer m.close()
	var (
		v       verdict
		last    atomic.Int64
		clients sync.WaitGroup
		rows    = formats()
	)
	for range min(concurrency, n) {
		clients.Go(func() {
			for i := int(last.Add(1)); i <= n; i = int(last.Add(1)) {
				r := rows[i%len(rows)]
				hops, err := m.request(ctx, r, i)
				v.add(r.name, hops, err)
				done()
			}
		})
	}
	clients.Wait()
	return &v, nil
}
