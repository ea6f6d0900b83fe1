//go:build race

// Package race tells whether the race detector is built in. Tests that count allocations need that, because the race
// detector allocates.
package race

// Enabled reports whether the race detector is built in.
const Enabled = true
