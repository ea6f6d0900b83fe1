// Package propagation is the engine.
package propagation
