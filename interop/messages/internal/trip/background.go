package trip

import (
	"context"
	"sync"
	"testing"
)

// Go runs a consumer's loop until the test ends. If the broker and its clients were opened before, they end after the
// loop.
func Go(t *testing.T, loop func(context.Context)) {
	var running sync.WaitGroup
	running.Go(func() { loop(t.Context()) })
	t.Cleanup(running.Wait)
}
