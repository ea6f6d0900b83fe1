package rules

import (
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// These are the rows that TestOdd sends, and the spans that Envoy 1.40.0 reads from them.

var oddTracers = []oddTracer{
	{"zipkin", envoy.Zipkin(envoy.ZipkinOptions{}), sink.NewZipkin, []propagation.Format{propagation.B3Single, propagation.B3Multi}, append(oddMulti, oddSingle...)},
	{"zipkin-w3c", envoy.Zipkin(envoy.ZipkinOptions{W3C: true}), sink.NewZipkin, []propagation.Format{propagation.B3Single, propagation.B3Multi, propagation.W3C}, append(oddTraceparent, oddW3CBesideB3...)},
	{"opentelemetry", envoy.OpenTelemetry(), sink.NewOpenTelemetry, []propagation.Format{propagation.W3C}, oddTraceparent},
	{"datadog", envoy.Datadog(), sink.NewDatadog, []propagation.Format{propagation.Datadog}, oddDatadog},
	{"xray", envoy.XRay(), sink.NewXRay, []propagation.Format{propagation.XRay}, oddXRay},
}

const (
	low    = "48485a3953bb6124" // the low half of trace
	both   = trace + "-" + parent
	zeros  = "0000000000000000"
	other  = "1234567812345678"
	lowHas = zeros + low + "-" + parent
)

// multi returns the x-b3-* of a sampled span, and more lines.
func multi(traceID, spanID string, more ...string) []string {
	return append([]string{"x-b3-traceid: " + traceID, "x-b3-spanid: " + spanID, "x-b3-sampled: 1"}, more...)
}

func one(line string) []string { return []string{line} }

var oddMulti = []oddRow{
	{multi(trace, parent), both, ""},
	{multi("8485a3953bb6124", parent), zeros + "08485a3953bb6124-" + parent, ""},
	{multi("8485a3953bb61", parent), zeros + "0008485a3953bb61-" + parent, ""},
	{multi("8485a3953bb6", parent), zeros + "00008485a3953bb6-" + parent, "an id of x-b3-* with 12 digits or fewer"},
	{multi("1", parent), zeros + "0000000000000001-" + parent, "an id of x-b3-* with 12 digits or fewer"},
	{multi("63ac35c9f6413ad48485a3953bb6124", parent), "", ""},
	{multi("3"+low, parent), "", ""},
	{multi("0"+low, parent), lowHas, ""},
	{multi("000000"+low, parent), lowHas, ""},
	{multi(strings.Repeat("0", 33)+low, parent), lowHas, ""},
	{multi("0"+trace, parent), "", ""},
	{multi(strings.ToUpper(trace), strings.ToUpper(parent)), both, ""},
	{multi(strings.ToUpper(low), parent), lowHas, ""},
	{multi(trace, strings.ToUpper(parent)), both, "an upper-case x-b3-spanid beside a lower-case x-b3-traceid"},
	{multi(trace, "2fb4a1d1a96d312"), trace + "-02fb4a1d1a96d312", ""},
	{multi(trace, "2"), trace + "-0000000000000002", "an id of x-b3-* with 12 digits or fewer"},
	{multi(trace, "0"+parent), both, ""},
	{multi(trace, "1"+parent), "", ""},
	{multi("   "+trace+"  ", "\t"+parent+"\t"), both, ""},
	{multi("0x"+low, parent), lowHas, "0x, a sign or white space in an id of x-b3-*"},
	{multi("463ac35c9f6413ad 8485a3953bb6124", parent), "463ac35c9f6413ad08485a3953bb6124-" + parent, "0x, a sign or white space in an id of x-b3-*"},
	{multi("-8485a3953bb6124", parent), "", ""},
	{multi("+8485a3953bb6124", parent), "", ""},
	{multi("8485a395 3bb6124", parent), "", ""},
	{multi(`"`+trace+`"`, parent), "", ""},
	{multi(trace+", "+trace, parent), "", ""},
	{multi(zeros+zeros, parent), zeros + zeros + "-" + parent, "ids of zeros in B3 and X-Ray"},
	{multi(trace, zeros), trace + "-" + zeros, "ids of zeros in B3 and X-Ray"},
	{multi(trace[:16]+zeros, parent), trace[:16] + zeros + "-" + parent, ""},
	{multi(trace, parent, "x-b3-traceid: "+trace, "x-b3-spanid: "+parent, "x-b3-sampled: 1"), both, ""},
	{multi(trace, parent, "x-b3-traceid: "+other+other, "x-b3-spanid: "+other), both, ""},
	{multi(trace, parent, "x-b3-parentspanid: 5e3ac9a4f6e3b90"), both, ""},
	{multi(trace, parent, "x-b3-parentspanid: 05e3ac9a4f6e3b900"), both, ""},
	{multi(trace, parent, "x-b3-parentspanid: 0"), both, ""},
	{multi(trace, parent, "x-b3-parentspanid: "), both, ""},
	{multi(trace, parent, "x-b3-parentspanid: None"), "", ""},
	{multi(trace, parent, "b3: "), "", "valid x-b3-* beside an empty b3"},
}

var oddSingle = []oddRow{
	{one("b3: " + both + "-1"), both, ""},
	{one("b3: " + low + "-" + parent + "-1"), lowHas, ""},
	{one("b3:  " + both + "-1 "), both, ""},
	{one("b3: " + strings.ToUpper(both) + "-1"), both, ""},
	{one("b3: " + both + "-1-05e3ac9a4f6e3b90"), both, ""},
	{one("b3: " + strings.ToUpper(both+"-1-05e3ac9a4f6e3b90")), both, ""},
	{one("b3: " + both + "-1-" + zeros), both, ""},
	{one("b3: " + both), both, ""},
	{one("b3: " + low[1:] + "-" + parent + "-1"), "", ""},
	{one("b3: " + trace[1:] + "-" + parent + "-1"), "", ""},
	{one("b3: " + trace + "-" + parent[1:] + "-1"), "", ""},
	{one("b3: " + trace + "-0" + parent + "-1"), "", ""},
	{one("b3: " + both + "-1-5e3ac9a4f6e3b90"), "", ""},
	{one("b3: " + both + "-1-None"), "", ""},
	{one("b3: " + both + "-1-"), "", ""},
	{one("b3: " + both + "-1-05e3ac9a4f6e3b90-9"), "", ""},
	{one("b3: " + trace + " - " + parent + "-1"), "", ""},
	{one("b3: " + both + "-05e3ac9a4f6e3b90"), "", "b3 with a parent and no decision"},
	{[]string{"b3: " + both + "-1", "b3: " + trace + "-" + other + "-1"}, both, ""},
	{one("b3: " + zeros + zeros + "-" + parent + "-1"), zeros + zeros + "-" + parent, "ids of zeros in B3 and X-Ray"},
	{one("b3: 0-0-1"), "", ""},
}

var oddTraceparent = []oddRow{
	{one("traceparent: 00-" + both + "-01"), both, ""},
	{one("traceparent:   00-" + both + "-01  "), both, ""},
	{one("traceparent: 00-" + both + "-09"), both, ""},
	{one("traceparent: 00-" + both + "-ff"), both, ""},
	{one("traceparent: 01-" + both + "-01"), both, ""},
	{one("traceparent: 00-" + zeros + low + "-" + parent + "-01"), lowHas, ""},
	{one("traceparent: 00-" + strings.ToUpper(trace) + "-" + parent + "-01"), both, "traceparent in upper case"},
	{one("traceparent: 00-" + trace + "-" + strings.ToUpper(parent) + "-01"), both, "traceparent in upper case"},
	{one("traceparent: ff-" + both + "-01"), both, "traceparent of version ff"},
	{one("traceparent: cc-" + both + "-01-more"), "", "traceparent of a later version with more fields"},
	{[]string{"traceparent: 00-" + both + "-01", "traceparent: 00-" + trace + "-" + other + "-01"}, both, "two lines of traceparent"},
	{one("traceparent: 00-" + trace[1:] + "-" + parent + "-01"), "", ""},
	{one("traceparent: 00-" + low + "-" + parent + "-01"), "", ""},
	{one("traceparent: 00-" + zeros + zeros + "-" + parent + "-01"), "", ""},
	{one("traceparent: 00-" + trace + "-" + zeros + "-01"), "", ""},
	{one("traceparent: 00-" + both + "-1"), "", ""},
	{one("traceparent: 00-" + both + "-01-"), "", ""},
	{one("traceparent: 00-" + both + "-"), "", ""},
	{one("traceparent: 00-" + both), "", ""},
	{one("traceparent: 00-" + both + "-zz"), "", ""},
	{one("traceparent: None"), "", ""},
}

var oddW3CBesideB3 = []oddRow{
	{multi(trace, parent, "traceparent: None"), both, ""},
	{[]string{"b3: None", "traceparent: 00-" + both + "-01"}, "", "a valid traceparent beside malformed B3"},
	{multi("zz", parent, "traceparent: 00-"+both+"-01"), "", "a valid traceparent beside malformed B3"},
}

// dd returns the x-datadog-* of a kept trace, and more lines.
func dd(traceID, parentID string, more ...string) []string {
	return append([]string{"x-datadog-trace-id: " + traceID, "x-datadog-parent-id: " + parentID, "x-datadog-sampling-priority: 1"}, more...)
}

const (
	ddTrace, ddParent = "5208512171318403364", "11744061942159299346" // low and parent in decimal
	ddTags            = "x-datadog-tags: _dd.p.tid="
)

var oddDatadog = []oddRow{
	{dd(ddTrace, ddParent), lowHas, ""},
	{dd("0"+ddTrace, "0"+ddParent), lowHas, ""},
	{dd("00000000"+ddTrace, ddParent), lowHas, ""},
	{dd("  "+ddTrace+"  ", " "+ddParent+" "), lowHas, ""},
	{dd(ddTrace, ddParent, ddTags+"463ac35c9f6413ad"), both, ""},
	{dd(ddTrace, ddParent, ddTags+"463AC35C9F6413AD"), both, ""},
	{dd(ddTrace, ddParent, ddTags+"63ac35c9f6413ad"), lowHas, ""},
	{dd(ddTrace, ddParent, ddTags+"0463ac35c9f6413ad"), lowHas, ""},
	{dd(ddTrace, ddParent, ddTags+"463ac35c9f6413ad , _dd.p.dm=-4"), lowHas, "white space around a member of x-datadog-tags"},
	{dd(ddTrace, ddParent, "x-datadog-tags: broken"), lowHas, ""},
	{dd(ddTrace, ddParent, "x-datadog-trace-id: 77", "x-datadog-parent-id: 77"), lowHas, ""},
	{dd("+"+ddTrace, ddParent), "", ""},
	{dd("-"+ddTrace, ddParent), "", "a negative number in x-datadog-*"},
	{dd(ddTrace, "-11"), "", "a negative number in x-datadog-*"},
	{dd(low, ddParent), "", ""},
	{dd("0x"+low, ddParent), "", ""},
	{dd("99999999999999999999", ddParent), "", ""},
	{dd("0", ddParent), "", ""},
	{dd(ddTrace, parent), "", ""},
}

const (
	xrayRoot = "Root=1-463ac35c-9f6413ad48485a3953bb6124"
	xrayAll  = xrayRoot + ";Parent=" + parent + ";Sampled=1"
	xrayName = "x-amzn-trace-id: "
)

var oddXRay = []oddRow{
	{one(xrayName + xrayAll), both, ""},
	{one(xrayName + strings.ToLower(xrayAll)), both, ""},
	{one(xrayName + strings.ToUpper(xrayAll)), both, ""},
	{one(xrayName + "  " + xrayAll + "  "), both, ""},
	{one(xrayName + xrayRoot + ";Parent=2fb4a1d1a96d312;Sampled=1"), trace + "-02fb4a1d1a96d312", ""},
	{one(xrayName + xrayRoot + ";Parent=" + parent + ";Sampled=true"), both, ""},
	{one(xrayName + "Root=1-11111111-222222222222222222222222;" + xrayAll), both, ""},
	{one(xrayName + xrayRoot + ";;junk;Parent=" + parent + ";Sampled=1;"), both, ""},
	{[]string{xrayName + xrayAll, xrayName + "Root=1-11111111-222222222222222222222222;Parent=" + other + ";Sampled=1"}, both, ""},
	{one(xrayName + xrayRoot + "; Parent=" + parent + "; Sampled=1"), "", "white space before a key of x-amzn-trace-id"},
	{one(xrayName + "Root=1-63ac35c-9f6413ad48485a3953bb6124;Parent=" + parent + ";Sampled=1"), "063ac35c9f6413ad48485a3953bb6124-" + parent, "a Root that does not have the form `1-`, 8 digits, `-`, 24 digits"},
	{one(xrayName + "Root=" + trace + ";Parent=" + parent + ";Sampled=1"), both, "a Root that does not have the form `1-`, 8 digits, `-`, 24 digits"},
	{one(xrayName + "Root=1-00000000-000000000000000000000000;Parent=" + parent + ";Sampled=1"), zeros + zeros + "-" + parent, "ids of zeros in B3 and X-Ray"},
	{one(xrayName + xrayRoot + ";Parent=" + zeros + ";Sampled=1"), trace + "-" + zeros, "ids of zeros in B3 and X-Ray"},
	{one(xrayName + xrayRoot + ",Parent=" + parent + ",Sampled=1"), "", ""},
}
