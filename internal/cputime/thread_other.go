//go:build !linux

package cputime

import "time"

var epoch = time.Now()

func thread() time.Duration { return time.Since(epoch) }
