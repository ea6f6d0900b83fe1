package interop

import (
	"io"
	"log"
	"os"
	"testing"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
)

// discard drops what dd-trace-go logs.
type discard struct{}

func (discard) Log(string) {}

// TestMain keeps the peers from logging every header that they refuse.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	tracer.UseLogger(discard{})
	os.Exit(m.Run())
}
