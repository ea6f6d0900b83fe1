// Package rules tests what a real Envoy does with trace headers where applications often fail, and that an application
// with traceferry is right. The tests document these rules. They are skipped without an Envoy. The rules were observed
// with Envoy 1.40.0 and 1.39.3, and the Zipkin tracer.
package rules
