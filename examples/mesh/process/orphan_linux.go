package process

import (
	"runtime"
	"sync"
	"syscall"
)

// attributes make the kernel kill a process when its parent dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// onParent runs start on a thread that lives as long as the program. The kernel treats the thread that started a
// process as its parent.
func onParent(start func() error) error {
	result := make(chan error)
	parent() <- func() { result <- start() }
	return <-result
}

var parent = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})
