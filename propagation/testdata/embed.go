// Package testdata has the golden vectors, for tests of several packages.
package testdata

import _ "embed"

// Vectors is vectors.json.
//
//go:embed vectors.json
var Vectors []byte
