package frameworks

import "github.com/valyala/fasthttp"

// requestHeader lets a Propagator read and write the headers of a fasthttp request.
type requestHeader struct{ *fasthttp.RequestHeader }

func (h requestHeader) Get(name string) string { return string(h.Peek(name)) }

func (h requestHeader) Values(name string) (lines []string) {
	for _, line := range h.PeekAll(name) {
		lines = append(lines, string(line))
	}
	return lines
}

func (h requestHeader) Keys() (names []string) {
	for name := range h.All() {
		names = append(names, string(name))
	}
	return names
}
