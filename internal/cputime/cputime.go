// Package cputime measures what a test's own work takes, without what other work of the machine takes meanwhile.
package cputime

import (
	"runtime"
	"time"
)

// Start begins to measure, in the goroutine that does the work: it stays on its thread until it calls the function
// returned, which tells the time since. Where the system does not tell a thread's time (see thread), it is the clock's.
func Start() (stop func() time.Duration) {
	runtime.LockOSThread()
	began := thread()
	return func() time.Duration {
		took := thread() - began
		runtime.UnlockOSThread()
		return took
	}
}
