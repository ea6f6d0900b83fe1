package slogtrace

import (
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
)

// TestBlocks: the text of ids is cut from blocks of one size. So a record that is kept keeps little other memory.
func TestBlocks(t *testing.T) {
	s, sc := new(source), wire.SpanContext{}
	sc.TraceID[0], sc.SpanID[0] = 1, 2
	for range 1000 {
		if trace, span := s.text(&sc); trace != sc.TraceID.String() || span != sc.SpanID.String() {
			t.Fatalf("the texts of the ids are %s and %s, want those of the span context", trace, span)
		}
		if b, _ := s.blocks.Get().(*strings.Builder); b != nil {
			if b.Cap() > blockSize {
				t.Fatalf("a block has %d bytes, want at most blockSize", b.Cap())
			}
			s.blocks.Put(b)
		}
	}
}
