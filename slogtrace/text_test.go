package slogtrace

import (
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
)

// TestBlocks: text is cut from blocks of one size, so that a record that is kept keeps little else.
func TestBlocks(t *testing.T) {
	s, sc := new(source), wire.SpanContext{}
	sc.TraceID[0], sc.SpanID[0] = 1, 2
	for range 1000 {
		if trace, span := s.text(&sc); trace != sc.TraceID.String() || span != sc.SpanID.String() {
			t.Fatalf("the ids are %s and %s", trace, span)
		}
		if b, _ := s.blocks.Get().(*strings.Builder); b != nil {
			if b.Cap() > blockSize {
				t.Fatalf("a block has %d bytes", b.Cap())
			}
			s.blocks.Put(b)
		}
	}
}
