package capture

import (
	"context"
	"iter"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// CapturedLines is propagation.CapturedFromContext.
func CapturedLines(ctx context.Context) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		c := Of(ctx)
		if c == nil {
			return
		}
		for r := range c.Runs {
			def := c.Field(r)
			if def.Unsafe {
				continue
			}
			name := lowerName(r.Key, &def)
			for _, v := range r.Vals {
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
