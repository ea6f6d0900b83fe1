//go:build !race

package race

// Enabled reports whether it is.
const Enabled = false
