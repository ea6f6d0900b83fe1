package interop

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// datadogTraceContext is dd-trace-go with W3C Trace Context.
var datadogTraceContext = peer{
	name:    "dd-trace-go's tracecontext",
	format:  propagation.W3C,
	fields:  []string{"Traceparent", "Tracestate"},
	sample:  w3cSample,
	inject:  ddInject(ddW3C),
	extract: ddExtract(ddW3C),
	says:    idsAndFlag,
	known: []difference{
		{
			rule:  "W3C Trace Context level 2, traceparent: lower-case hexadecimal. dd-trace-go takes upper case.",
			shows: line("traceparent", `[A-F]`),
			makes: proof{onlyPeer: spoil(w3cSample, "Traceparent", strings.ToUpper(w3cParent))},
		},
		{
			rule: "W3C Trace Context level 2, version-format: version 00 is exactly 55 characters. dd-trace-go trims dashes around the value, " +
				"and white space and underscores around its parts.",
			shows: line("traceparent", `^-|-$|[ \t_]`),
			makes: proof{onlyPeer: spoil(w3cSample, "Traceparent", w3cParent+"-")},
		},
		{
			rule:  "W3C Trace Context level 2, trace-flags: they are two digits, of which bits without a meaning are ignored. dd-trace-go refuses 80 and above.",
			shows: line("traceparent", `^[ \t]*[0-9a-f]{2}-.{32}-.{16}-[89a-f]`),
			makes: proof{onlyOurs: spoil(w3cSample, "Traceparent", strings.TrimSuffix(w3cParent, "01")+"ff")},
		},
		{
			rule:  "W3C Trace Context level 2, trace-flags: they are two digits. dd-trace-go takes a signed number of any length.",
			shows: line("traceparent", `^[^-]*-[^-]*-[^-]*-(\+[^-]*|[0-9a-fA-F]|[0-9a-fA-F]{3,})(-|$)`),
			makes: proof{onlyPeer: spoil(w3cSample, "Traceparent", strings.TrimSuffix(w3cParent, "01")+"+1")},
		},
		{
			rule:  "A choice: a line that is blank says nothing. dd-trace-go counts it as a second traceparent.",
			shows: func(h http.Header) bool { return slices.ContainsFunc(h["Traceparent"], blank) },
			makes: proof{onlyOurs: spoil(w3cSample, "Traceparent", w3cParent, "")},
		},
	},
}

func FuzzDatadogTraceContext(f *testing.F) { fuzz(f, datadogTraceContext) }
