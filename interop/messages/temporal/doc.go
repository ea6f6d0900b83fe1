// Package temporal has the recipe for Temporal, and its tests against a Temporal server and the SDK's test environment.
package temporal
