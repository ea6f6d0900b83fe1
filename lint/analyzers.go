package lint

import "golang.org/x/tools/go/analysis"

// Analyzers returns all analyzers of this package, sorted by name. The slice is new at each call, but the analyzers in it
// are shared. So set their flags before they run.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{
		Background,
		BareClient,
		BareGRPC,
		GinContext,
		Goroutine,
		NewRequest,
		OTelOrder,
	}
}

// offByDefault adds the flag -on to an analyzer that reports nothing without it.
func offByDefault(a *analysis.Analyzer, on *bool) {
	a.Flags.BoolVar(on, "on", false, "report findings; the analyzer is off by default")
}
