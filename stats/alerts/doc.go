// Package alerts tests the rules for Prometheus in traceferry.yaml. Real Propagators meet real headers, and Prometheus's
// own engine evaluates the rules on their counts. It is a module of its own, because that engine is heavy, and has tests
// only.
package alerts
