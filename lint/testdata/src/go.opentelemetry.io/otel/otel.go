// Package otel is a stub.
package otel

import "go.opentelemetry.io/otel/propagation"

func SetTextMapPropagator(p propagation.TextMapPropagator) {}
