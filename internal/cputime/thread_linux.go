package cputime

import (
	"time"

	"golang.org/x/sys/unix"
)

// thread returns the processor time that the thread has used. Getrusage is less exact, because it counts in ticks.
func thread() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(now.Nano())
}
