// Package alerts tests the rules for Prometheus in traceferry.yaml. Use that file in your Prometheus; this package has no
// code for you. Its tests give headers to Propagators, and Prometheus's own engine evaluates the rules on the counts. It
// is a module of its own, because that engine is heavy.
package alerts
