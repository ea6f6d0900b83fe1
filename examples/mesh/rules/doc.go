// Package rules has tests that pin what a real Envoy does with trace headers where
// applications stumble, and that an application with traceferry does right by it. Read
// them as the documentation of those rules; without an Envoy they are skipped. They were
// observed with Envoy 1.40.0 and 1.39.3, and the Zipkin tracer.
package rules
