package fasthttptrace

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/valyala/fasthttp"
)

// view is the headers of a fasthttp request that an Engine looks at, as an http.Header. The strings of header are
// fasthttp's memory, so nothing may read them after the request has changed.
type view struct {
	header http.Header
	lines  [viewLines]string // most lines are here, so that they cost no allocation
	n      int

	changes []change // made to the request
}

// change is a name whose lines are changed. It has memory of its own.
type change struct {
	name          string
	before, after []string
}

const viewLines = 32

var views = sync.Pool{New: func() any { return &view{header: make(http.Header, viewLines)} }}

func viewOf(engine *plan.Engine, h *fasthttp.RequestHeader) *view {
	v := views.Get().(*view)
	for name, value := range h.All() {
		if key := borrow(name); engine.Concerns(key) {
			v.add(key, borrow(value))
		}
	}
	return v
}

func (v *view) add(key, value string) {
	if lines := v.header[key]; lines != nil {
		v.header[key] = append(lines, value)
		return
	}
	if v.n == viewLines {
		v.header[key] = []string{value}
		return
	}
	v.lines[v.n] = value
	v.header[key] = v.lines[v.n : v.n+1 : v.n+1]
	v.n++
}

// change gives the request the headers of after, which has all names that the view has and that stay.
func (v *view) change(h *fasthttp.RequestHeader, after http.Header) {
	for name, lines := range v.header {
		if now := after[name]; !slices.Equal(now, lines) {
			v.changes = append(v.changes, change{strings.Clone(name), cloned(lines), cloned(now)})
		}
	}
	for name, lines := range after {
		if v.header[name] == nil {
			v.changes = append(v.changes, change{name: name, after: lines})
		}
	}
	for _, c := range v.changes { // only now, because the view is over the memory that changes
		replace(h, c.name, c.after)
	}
}

// restore gives the request the headers that it had before change.
func (v *view) restore(h *fasthttp.RequestHeader) {
	for _, c := range v.changes {
		replace(h, c.name, c.before)
	}
}

// replace replaces the lines of a name in exactly this spelling.
func replace(h *fasthttp.RequestHeader, name string, lines []string) {
	if !h.DisableNormalizing() {
		defer h.EnableNormalizing()
	}
	h.Del(name)
	for _, line := range lines {
		h.Add(name, line)
	}
}

func cloned(lines []string) []string {
	own := make([]string, len(lines))
	for i, line := range lines {
		own[i] = strings.Clone(line)
	}
	return own
}

func (v *view) release() {
	clear(v.header)
	clear(v.lines[:v.n])
	clear(v.changes)
	v.n, v.changes = 0, v.changes[:0]
	views.Put(v)
}

// borrow returns a string over fasthttp's memory. It changes when the request does.
func borrow(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
