// Package cputime measures the processor time of a test's own work. Other work of the machine does not count.
package cputime

import (
	"runtime"
	"time"
)

// Start starts a measurement. Call it in the goroutine that does the work. The returned function ends the measurement
// and returns the time since Start. Until then the goroutine stays on its thread. On systems other than Linux the time
// is that of the clock.
func Start() (stop func() time.Duration) {
	runtime.LockOSThread()
	began := thread()
	return func() time.Duration {
		took := thread() - began
		runtime.UnlockOSThread()
		return took
	}
}
