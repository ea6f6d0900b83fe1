package otelstats_test

import (
	"log"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/otelstats"
	"go.opentelemetry.io/otel/attribute"
)

func ExampleRegister() {
	p := propagation.MustNew(propagation.Config{})

	registration, err := otelstats.Register(p, nil) // nil means the provider of otel.SetMeterProvider
	if err != nil {
		log.Fatal(err)
	}
	defer registration.Unregister() // only if the export ends before the program
}

// An attribute distinguishes two Propagators of one program.
func ExampleRegister_two() {
	public, internal := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{})

	for name, p := range map[string]*propagation.Propagator{"public": public, "internal": internal} {
		if _, err := otelstats.Register(p, nil, attribute.String("shop.propagator", name)); err != nil {
			log.Fatal(err)
		}
	}
}
