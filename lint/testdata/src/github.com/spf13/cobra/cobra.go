// Package cobra is a stub.
package cobra

import "context"

type Command struct{}

func (*Command) Context() context.Context { return nil }
