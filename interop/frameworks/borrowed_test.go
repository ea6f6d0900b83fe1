package frameworks

import (
	"context"
	"maps"
	"slices"
	"testing"
	"unsafe"

	"github.com/gofiber/fiber/v2"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
	otel "go.opentelemetry.io/otel/propagation"
)

// borrowed is a carrier over fasthttp's headers whose strings are valid only until the handler returns, as
// fasthttp users write it.
type borrowed struct{ *fasthttp.RequestHeader }

var _ otel.ValuesGetter = borrowed{}

func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (h borrowed) Get(name string) string { return lend(h.Peek(name)) }

func (h borrowed) Values(name string) (lines []string) {
	for _, line := range h.PeekAll(name) {
		lines = append(lines, lend(line))
	}
	return lines
}

func (h borrowed) Keys() (names []string) {
	for name := range h.All() {
		names = append(names, lend(name))
	}
	return names
}

// borrowedFiber is a carrier over fiber's own methods, whose strings are also valid only until the handler returns.
type borrowedFiber struct{ *fiber.Ctx }

func (c borrowedFiber) Get(name string) string { return c.Ctx.Get(name) }
func (c borrowedFiber) Set(name, value string) { c.Ctx.Set(name, value) }
func (c borrowedFiber) Keys() []string         { return slices.Collect(maps.Keys(c.GetReqHeaders())) }

// TestBorrowedStrings: a job reads and sends its own request's headers, also if the carrier's strings become invalid.
func TestBorrowedStrings(t *testing.T) {
	runJobs(t, map[string]entry{
		"fasthttp": overFastHTTP(func(p *propagation.Propagator, rc *fasthttp.RequestCtx) context.Context {
			return p.Extract(context.Background(), borrowed{&rc.Request.Header})
		}),
		"fiber": overFiber(fiber.Config{}, func(p *propagation.Propagator, c *fiber.Ctx) context.Context {
			return p.Extract(c.UserContext(), borrowedFiber{c})
		}),
	})
}
