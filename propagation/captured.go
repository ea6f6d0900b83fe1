package propagation

import (
	"context"
	"iter"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// capturedLines is propagation.CapturedFromContext.
func capturedLines(ctx context.Context) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		c := captured(ctx)
		if c == nil {
			return
		}
		for r := range c.runs {
			def := c.field(r)
			if def.Unsafe {
				continue
			}
			name := lowerName(r.key, &def)
			for _, v := range r.vals {
				if !yield(name, v) {
					return
				}
			}
		}
	}
}

// lowerName returns the name of a received header in lower case.
func lowerName(key string, f *wire.Field) string {
	if key != "" {
		return strings.ToLower(key)
	}
	return f.Lower
}
