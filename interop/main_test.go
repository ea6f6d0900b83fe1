package interop

import (
	"io"
	"log"
	"os"
	"testing"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
)

// discard drops the log of dd-trace-go.
type discard struct{}

func (discard) Log(string) {}

// TestMain stops the peers from logging every header that they refuse.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	tracer.UseLogger(discard{})
	os.Exit(m.Run())
}
