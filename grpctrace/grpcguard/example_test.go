package grpcguard_test

import (
	"context"
	"log"

	"github.com/traceferry/traceferry/grpctrace/grpcguard"
	"github.com/traceferry/traceferry/propagation"
)

// Call Enable in the main package of a development build, or in TestMain.
func ExampleEnable() {
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{
		Lost: func(_ context.Context, l propagation.Loss) { log.Print(l) },
	}})
	grpcguard.Enable(p)
	defer grpcguard.Enable(nil)
	// Make connections with or without the options of p, and serve.
}
