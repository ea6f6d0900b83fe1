package sink

import (
	"slices"
	"sync"
)

// store holds the spans of a collector.
type store struct {
	mu    sync.Mutex
	spans []Span
}

func (s *store) add(spans ...Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, spans...)
}

func (s *store) Spans() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}
