package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// footer returns the text that says how the tables were measured, and with which versions.
func footer(o options, ms []measured) string {
	return fmt.Sprintf("One run of the command measured all rows. In each round, the libraries of a row ran one after the other. "+
		"Each time is the best of %d rounds of %v. Machine: %s.\n\nVersions of the other libraries: %s.\n",
		o.rounds, o.benchtime, machine(), strings.Join(versions(ms), ", "))
}

func machine() string {
	m := fmt.Sprintf("%s, %s/%s, GOMAXPROCS %d", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	if cpuid.CPU.BrandName != "" {
		m += ", " + cpuid.CPU.BrandName
	}
	return m
}

// versions lists the versions of the peers' modules that this program was built with.
func versions(ms []measured) []string {
	linked := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			linked[m.Path] = m.Version
		}
	}
	var vs []string
	for _, l := range libraries(ms) {
		for _, path := range l.Modules {
			v, ok := linked[path]
			if !ok {
				v = "(unknown)"
			}
			vs = append(vs, path+" "+v)
		}
	}
	return vs
}
