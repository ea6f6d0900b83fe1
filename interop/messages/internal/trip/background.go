package trip

import (
	"context"
	"sync"
	"testing"
)

// Go runs a consumer's loop until the test ends. The broker and its clients end after it, if they were opened before.
func Go(t *testing.T, loop func(context.Context)) {
	var running sync.WaitGroup
	running.Go(func() { loop(t.Context()) })
	t.Cleanup(running.Wait)
}
