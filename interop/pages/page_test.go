package pages

import (
	"testing"

	"github.com/traceferry/traceferry/internal/page"
)

// TestPages checks that each block of Go on the pages is in a test.
func TestPages(t *testing.T) {
	sources := page.Sources(t, ".")
	for name, least := range map[string]int{
		"getting-started": 6, "opentelemetry": 5, "grpc": 4, "trust": 6, "destinations": 5, "migration": 4, "faq": 1, "formats": 2, "routing": 7,
	} {
		t.Run(name, func(t *testing.T) {
			page.CheckBlocks(t, page.Read(t, "../../docs/"+name+".md"), sources, least)
		})
	}
}
