package cputime

import (
	"runtime"
	"testing"
	"time"
)

var sink int

func TestStart(t *testing.T) {
	stop, began := Start(), time.Now()
	for n := 0; time.Since(began) < 20*time.Millisecond; n++ {
		sink += n
	}
	if took := stop(); took <= 0 || took > 2*time.Since(began) {
		t.Errorf("work of 20ms took %v of processor time", took)
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux reports the time of a thread")
	}
	stop = Start()
	time.Sleep(200 * time.Millisecond)
	if took := stop(); took > 100*time.Millisecond {
		t.Errorf("sleep of 200ms took %v of processor time, want at most 100ms", took)
	}
}
