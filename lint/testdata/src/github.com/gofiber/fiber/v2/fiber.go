// Package fiber is a stub of version 2.
package fiber

import "context"

type Ctx struct{}

func (*Ctx) UserContext() context.Context { return nil }
