//go:build race

// Package race tells whether the race detector is built in: it allocates by itself.
package race

// Enabled reports whether it is.
const Enabled = true
