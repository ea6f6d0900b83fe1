// Package fiber is a stub of version 3.
package fiber

import (
	"context"
	"time"
)

type Ctx interface {
	Context() context.Context
	Deadline() (deadline time.Time, ok bool)
	Done() <-chan struct{}
	Err() error
	Value(key any) any
}
