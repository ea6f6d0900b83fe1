package interop

import (
	"net/http"
	"strings"
	"testing"

	gcp "github.com/GoogleCloudPlatform/opentelemetry-operations-go/propagator"
	"github.com/traceferry/traceferry/propagation"
)

const cloudTraceID = "105445aa7843bc8bf206b12000100000"

var cloudTraceSample = header("x-cloud-trace-context", cloudTraceID+"/123;o=1")

// injectCloudTrace omits the random flag; see TestCloudTraceRandomFlag.
func injectCloudTrace(sc propagation.SpanContext, h http.Header) {
	sc.Random = false
	otelInject(gcp.CloudTraceFormatPropagator{}, nil)(sc, h)
}

// cloudTrace is Google's propagator of x-cloud-trace-context.
var cloudTrace = peer{
	name:    "Google's propagator",
	format:  propagation.CloudTrace,
	fields:  []string{"X-Cloud-Trace-Context"},
	sample:  cloudTraceSample,
	inject:  injectCloudTrace,
	extract: otelExtract(gcp.CloudTraceFormatPropagator{}),
	says:    idsAndFlag,
	known: []difference{
		untrimmed("Google's propagator", proof{onlyOurs: spoil(cloudTraceSample, "X-Cloud-Trace-Context", " "+cloudTraceID+"/123")}),
		unreadable("Google's propagator", func(h http.Header) bool {
			return line("x-cloud-trace-context", `;`)(h) && notLine("x-cloud-trace-context", `^[^;]*;o=[0-9]$`)(h)
		}, header("x-cloud-trace-context", cloudTraceID+"/123;o=x")),
		{
			rule:  "Cloud Trace, Trace context: the span may be 0 or missing, and the decision beside it stands. Google's propagator reads nothing then.",
			shows: line("x-cloud-trace-context", `^[ \t]*[0-9a-f]{32}(/0+)?;`),
			makes: proof{onlyOurs: header("x-cloud-trace-context", cloudTraceID+"/0;o=1")},
		},
		takesFirst("Google's propagator", proof{onlyOurs: spoil(cloudTraceSample, "X-Cloud-Trace-Context", "", cloudTraceID+"/123")}),
		{
			rule:  "Cloud Trace, Trace context: the span id is a decimal number of 64 bits. Google's propagator stops at 20 digits, zeros in front among them.",
			shows: line("x-cloud-trace-context", `/0[0-9]{20,}(;|$)`),
			makes: proof{onlyOurs: header("x-cloud-trace-context", cloudTraceID+"/"+strings.Repeat("0", 20)+"123;o=1")},
		},
	},
}

func FuzzCloudTrace(f *testing.F) { fuzz(f, cloudTrace) }

// TestCloudTraceRandomFlag shows the header that Google's propagator writes for a span that is not sampled and has a
// random trace id. It writes the flags 02 as the option. Google's propagator and this library both read that as
// sampled.
func TestCloudTraceRandomFlag(t *testing.T) {
	sc := read(propagation.W3C, w3cSample)
	sc.Sampling, sc.Random = propagation.Denied, true
	h := http.Header{}
	otelInject(gcp.CloudTraceFormatPropagator{}, nil)(sc, h)
	if got := h.Get("x-cloud-trace-context"); !strings.HasSuffix(got, ";o=2") {
		t.Errorf("Google's propagator wrote %q; want the option 2", got)
	}
	for who, got := range map[string]propagation.SpanContext{"it": cloudTrace.extract(h), "we": read(propagation.CloudTrace, h)} {
		if got.Sampling != propagation.Accepted {
			t.Errorf("%s read %v of %q; want accepted", who, got.Sampling, h)
		}
	}
}
