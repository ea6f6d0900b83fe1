package interop

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	contrib "go.opentelemetry.io/contrib/propagators/aws/xray"
)

const (
	xrayRoot   = "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6"
	xrayParent = "Parent=53995c3f42cd8ad8"
	xrayIDs    = xrayRoot + ";" + xrayParent
)

var xraySample = header("x-amzn-trace-id", xrayIDs+";Sampled=1;Lineage=a87bd80c:1|68fd508a:5")

// xray is contrib's propagator for X-Amzn-Trace-Id.
var xray = peer{
	name:    "contrib's xray",
	format:  propagation.XRay,
	fields:  []string{"X-Amzn-Trace-Id"},
	sample:  xraySample,
	inject:  otelInject(contrib.Propagator{}, nil),
	extract: otelExtract(contrib.Propagator{}),
	says:    idsAndFlag,
	known: []difference{
		untrimmed("contrib's xray", proof{onlyOurs: spoil(xraySample, "X-Amzn-Trace-Id", " "+xrayIDs)}),
		takesFirst("contrib's xray", proof{onlyOurs: spoil(xraySample, "X-Amzn-Trace-Id", "", xrayIDs)}),
		{
			rule:  "X-Ray, Tracing header: Root may come without Parent, and the decision beside it stands. contrib reads nothing then.",
			shows: func(h http.Header) bool { return !xrayPair(`^[ \t]*Parent=.`)(h) },
			makes: proof{onlyOurs: header("x-amzn-trace-id", xrayRoot+";Sampled=1")},
		},
		{
			rule:  "X-Ray, Tracing header: pairs are joined with semicolons; senders put a space after them. contrib does not find the key behind the space.",
			shows: xrayPair(`^[ \t]|[ \t]$`),
			makes: proof{
				onlyOurs: header("x-amzn-trace-id", xrayRoot+"; "+xrayParent+";Sampled=1"),
				onlyPeer: header("x-amzn-trace-id", xrayIDs+"; Parent=x;Self=x"),
				otherIDs: header("x-amzn-trace-id", xrayIDs+"; Parent=0000000000000001;Self=x"),
				decision: header("x-amzn-trace-id", xrayIDs+"; Sampled=1;Self=x"),
			},
		},
		{
			rule:  "X-Ray, Tracing header: pairs that a reader does not know are to be passed over. contrib reads nothing if one has no equals sign.",
			shows: xrayPair(`^[^=]*$`),
			makes: proof{onlyOurs: header("x-amzn-trace-id", xrayIDs+";;Sampled=1")},
		},
		{
			rule:  "X-Ray, Tracing header: keys are Root, Parent and Sampled. contrib takes every key that begins so, and refuses what is no id under it.",
			shows: xrayPair(`^[ \t]*(Root|Parent|Sampled)[^=]+=`),
			makes: proof{
				onlyOurs: header("x-amzn-trace-id", xrayIDs+";Parents=2"),
				onlyPeer: header("x-amzn-trace-id", xrayRoot+";Parents=53995c3f42cd8ad8"),
				otherIDs: header("x-amzn-trace-id", xrayIDs+";Parents=0000000000000001"),
				decision: header("x-amzn-trace-id", xrayIDs+";Sampled-by=1"),
			},
		},
		{
			rule:  "X-Ray, Tracing header: keys are Root, Parent and Sampled, ids are lower-case. Envoy reads both in any case, and so do we. contrib does not.",
			shows: xrayOddCase,
			makes: proof{
				onlyOurs: header("x-amzn-trace-id", strings.ToUpper(xrayIDs)),
				otherIDs: header("x-amzn-trace-id", xrayIDs+";parent=0000000000000001"),
				decision: header("x-amzn-trace-id", xrayIDs+";sampled=1"),
				onlyPeer: header("x-amzn-trace-id", xrayIDs+";root=1"),
			},
		},
		{
			rule:  "X-Ray, Tracing header: a parent has 16 digits. Envoy reads fewer, and so do we, as zeros lost on the left. contrib refuses them.",
			shows: xrayPair(`(?i)^[ \t]*parent=([0-9a-f]{13,15}|0+[0-9a-f]{16})$`),
			makes: proof{onlyOurs: header("x-amzn-trace-id", xrayRoot+";Parent=3995c3f42cd8ad8")},
		},
		{
			rule:  "X-Ray, Tracing header: a key comes once. Of several we take the last; contrib refuses the header if one is no id.",
			shows: line("x-amzn-trace-id", `Root=.*Root=|Parent=.*Parent=`),
			makes: proof{onlyOurs: header("x-amzn-trace-id", "Parent=2;"+xrayIDs)},
		},
	},
}

// xrayPair reports whether one of the pairs matches.
func xrayPair(pattern string) func(http.Header) bool {
	re := regexp.MustCompile(pattern)
	return func(h http.Header) bool {
		return slices.ContainsFunc(strings.Split(h.Get("x-amzn-trace-id"), ";"), re.MatchString)
	}
}

// xrayOddCase reports whether a key or an id is in another case than the specification requires.
func xrayOddCase(h http.Header) bool {
	for pair := range strings.SplitSeq(h.Get("x-amzn-trace-id"), ";") {
		key, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		for _, name := range []string{"Root", "Parent", "Sampled"} {
			if strings.EqualFold(key, name) && (key != name || value != strings.ToLower(value)) {
				return true
			}
		}
	}
	return false
}

func FuzzXRay(f *testing.F) { fuzz(f, xray) }
