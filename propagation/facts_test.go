package propagation_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// fact is what the tests know about a format. It is from the format's specification, not from the code.
type fact struct {
	format   propagation.Format
	name     string
	fields   string
	prefixes string
	headers  []testHeader // a header for each of the names, and its trusted parts

	canWrite canWrite  // what can be written in the format; zero if it names no span
	dialects []dialect // what callers can express in it
	oracle   func(first []string, in http.Header) propagation.SpanContext
}

// factOf returns the facts of a format.
func factOf(f propagation.Format) fact { return facts[f-1] }

// facts has a row for each format, in the order of their constants.
var facts = []fact{
	{
		format: propagation.W3C, name: "tracecontext", fields: "traceparent tracestate",
		headers: []testHeader{
			traceHeader("traceparent", callerW3C, "", "00-"+callerTrace+"-"+callerSpan+"-00"),
			traceHeader("tracestate", "dd=s:1,vendor=x,ot=th:8", "", "vendor=x"),
		},
		canWrite: canWrite{bits: 128},
		dialects: []dialect{
			{"tracecontext", propagation.W3C, 128, []string{theRandomFlag, theTraceState, theOrigin}, byDecision{
				propagation.Denied:   {"traceparent", "00-" + callerTrace + "-" + callerSpan + "-02", "tracestate", callerState},
				propagation.Accepted: {"traceparent", "00-" + callerTrace + "-" + callerSpan + "-03", "tracestate", callerState},
			}},
		},
		oracle: oracleW3C,
	},
	{
		format: propagation.B3Single, name: "b3", fields: "b3",
		headers: []testHeader{
			traceHeader("b3", callerB3, "1", callerTrace+"-"+callerSpan),
		},
		canWrite: canWrite{bits: 128, deferred: true, debug: true, parent: true},
		dialects: []dialect{
			{"b3", propagation.B3Single, 128, []string{theParent}, byDecision{
				propagation.Deferred: {"b3", callerTrace + "-" + callerSpan},
				propagation.Denied:   {"b3", callerTrace + "-" + callerSpan + "-0-" + callerParent},
				propagation.Accepted: {"b3", callerTrace + "-" + callerSpan + "-1-" + callerParent},
				propagation.Debug:    {"b3", callerTrace + "-" + callerSpan + "-d-" + callerParent},
			}},
		},
		oracle: oracleB3Single,
	},
	{
		format: propagation.B3Multi, name: "b3multi", fields: "x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags",
		headers: []testHeader{
			traceHeader("x-b3-traceid", callerTrace, "", all),
			traceHeader("x-b3-spanid", callerSpan, "", all),
			traceHeader("x-b3-parentspanid", "0020000000000001", "", all),
			decisionHeader("x-b3-sampled", "1"),
			decisionHeader("x-b3-flags", "0"),
		},
		canWrite: canWrite{bits: 128, deferred: true, debug: true, parent: true},
		dialects: []dialect{
			{"b3multi", propagation.B3Multi, 128, []string{theParent}, byDecision{
				propagation.Deferred: {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent},
				propagation.Denied:   {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent, "x-b3-sampled", "0"},
				propagation.Accepted: {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent, "x-b3-sampled", "1"},
				propagation.Debug:    {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent, "x-b3-flags", "1"},
			}},
		},
		oracle: oracleB3Multi,
	},
	{
		format: propagation.GRPCTraceBin, name: "grpctracebin", fields: "grpc-trace-bin",
		headers: []testHeader{
			traceHeader("grpc-trace-bin", callerBin, "", callerBin[:len(callerBin)-1]+"A"),
		},
		canWrite: canWrite{bits: 128}, // grpc-go needs a decision
		dialects: []dialect{
			{"grpctracebin", propagation.GRPCTraceBin, 128, nil, byDecision{
				propagation.Deferred: {"grpc-trace-bin", callerBinRaw[:27]}, // without options
				propagation.Denied:   {"grpc-trace-bin", callerBinRaw[:28] + "\x00"},
				propagation.Accepted: {"grpc-trace-bin", callerBinRaw},
			}},
		},
		oracle: oracleTraceBin,
	},
	{
		format: propagation.CloudTrace, name: "cloudtrace", fields: "x-cloud-trace-context",
		headers: []testHeader{
			traceHeader("x-cloud-trace-context", callerTrace+"/"+callerSpanNumber+";o=1", "", callerTrace+"/"+callerSpanNumber),
		},
		canWrite: canWrite{bits: 128, deferred: true},
		dialects: []dialect{
			{"cloudtrace", propagation.CloudTrace, 128, nil, byDecision{
				propagation.Deferred: {"x-cloud-trace-context", callerTrace + "/" + callerDecimal},
				propagation.Denied:   {"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=0"},
				propagation.Accepted: {"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=1"},
			}},
		},
		oracle: oracleCloudTrace,
	},
	{
		format: propagation.OTSpanContext, name: "otspancontext", fields: "x-ot-span-context",
		headers: []testHeader{
			{"x-ot-span-context", lightStep(true, true), "", lightStep(false, true), lightStep(true, false), all, all},
		},
		canWrite: canWrite{bits: 64},
		dialects: []dialect{
			{"otspancontext", propagation.OTSpanContext, 64, nil, byDecision{
				propagation.Denied:   {"x-ot-span-context", "EhIJJGG7UzlaSEgREtOWGh1K+6I="},
				propagation.Accepted: {"x-ot-span-context", "EhQJJGG7UzlaSEgREtOWGh1K+6IYAQ=="},
			}},
			{"otspancontext, old Envoy's", propagation.OTSpanContext, 64, []string{theParent}, byDecision{
				propagation.Deferred: {"x-ot-span-context", callerLow + ";" + callerSpan + ";" + callerParent},
			}},
		},
	},
	{
		format: propagation.RequestID, name: "requestid", fields: "x-request-id",
		headers: []testHeader{
			{"x-request-id", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d", all, "5f2f7d9c-7b1a-4d5e-8f57-1f8f0a2b3c4d", all, "", all},
		},
	},
	{
		format: propagation.Baggage, name: "baggage", fields: "baggage",
		headers: []testHeader{
			baggageHeader("baggage"),
		},
	},
	{
		format: propagation.Datadog, name: "datadog", fields: "x-datadog-trace-id x-datadog-parent-id x-datadog-sampling-priority x-datadog-origin x-datadog-tags",
		headers: []testHeader{
			traceHeader("x-datadog-trace-id", fmt.Sprint(uint64(0x48485a3953bb6124)), "", all),
			traceHeader("x-datadog-parent-id", callerSpanNumber, "", all),
			traceHeader("x-datadog-sampling-priority", "2", "", ""),
			traceHeader("x-datadog-origin", "rum", "", all),
			traceHeader("x-datadog-tags", "_dd.p.tid="+highHalf+",_dd.p.dm=-4,_dd.p.x=1", "", "_dd.p.tid="+highHalf+",_dd.p.x=1"),
		},
		canWrite: canWrite{bits: 128, deferred: true}, // the high half in a tag
		dialects: []dialect{
			{"datadog", propagation.Datadog, 128, []string{theOrigin}, byDecision{
				propagation.Deferred: fromDatadog(),
				propagation.Denied:   fromDatadog("x-datadog-sampling-priority", "0"),
				propagation.Accepted: fromDatadog("x-datadog-sampling-priority", "1"),
			}},
		},
	},
	{
		format: propagation.Jaeger, name: "jaeger", fields: "uber-trace-id jaeger-debug-id jaeger-baggage", prefixes: "uberctx-",
		headers: []testHeader{
			traceHeader("uber-trace-id", callerTrace+":"+callerSpan+":0:1", "", callerTrace+":"+callerSpan+":0:0"),
			decisionHeader("jaeger-debug-id", "please"),
			baggageHeader("jaeger-baggage"),
			baggageHeader("uberctx-user"),
		},
		canWrite: canWrite{bits: 128, debug: true}, // the parent is deprecated, and written as 0
		dialects: []dialect{
			{"jaeger", propagation.Jaeger, 128, []string{theParent}, byDecision{
				propagation.Denied:   {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:0"},
				propagation.Accepted: {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:1"},
				propagation.Debug:    {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:3"},
			}},
		},
		oracle: oracleJaeger,
	},
	{
		format: propagation.XRay, name: "xray", fields: "x-amzn-trace-id",
		headers: []testHeader{
			traceHeader("x-amzn-trace-id", callerIDs+";Sampled=1;Lineage=a:1", "", callerIDs+";Lineage=a:1"),
		},
		canWrite: canWrite{bits: 128, deferred: true},
		dialects: []dialect{
			{"xray", propagation.XRay, 128, nil, byDecision{
				propagation.Deferred: {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=?"},
				propagation.Denied:   {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=0"},
				propagation.Accepted: {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=1"},
			}},
		},
		oracle: oracleXRay,
	},
	{
		format: propagation.OTTrace, name: "ottrace", fields: "ot-tracer-traceid ot-tracer-spanid ot-tracer-sampled", prefixes: "ot-baggage-",
		headers: []testHeader{
			traceHeader("ot-tracer-traceid", lowHalf, "", all),
			traceHeader("ot-tracer-spanid", callerSpan, "", all),
			traceHeader("ot-tracer-sampled", "true", all, "false"), // the decision cannot stay open
			baggageHeader("ot-baggage-user"),
		},
		canWrite: canWrite{bits: 64},
		dialects: []dialect{
			{"ottrace", propagation.OTTrace, 64, nil, byDecision{
				propagation.Deferred: {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan},
				propagation.Denied:   {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "false"},
				propagation.Accepted: {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "true"},
			}},
		},
		oracle: oracleOTTrace,
	},
	{
		format: propagation.SkyWalking, name: "sw8", fields: "sw8 sw8-correlation sw8-x",
		headers: []testHeader{
			opaqueHeader("sw8"), baggageHeader("sw8-correlation"), opaqueHeader("sw8-x"),
		},
	},
	{
		format: propagation.ClientTrace, name: "clienttrace", fields: "x-client-trace-id x-envoy-force-trace",
		headers: []testHeader{
			opaqueHeader("x-client-trace-id"), decisionHeader("x-envoy-force-trace", "true"),
		},
	},
	{
		format: propagation.Linkerd1, name: "l5d", fields: "dtab-local l5d-dtab l5d-sample", prefixes: "l5d-ctx-",
		headers: []testHeader{
			opaqueHeader("dtab-local"), opaqueHeader("l5d-dtab"), decisionHeader("l5d-sample", "1.0"), opaqueHeader("l5d-ctx-trace"),
		},
	},
	{
		format: propagation.AzureRequestID, name: "azure", fields: "request-id correlation-context",
		headers: []testHeader{
			opaqueHeader("request-id"), baggageHeader("correlation-context"),
		},
	},
	{
		format: propagation.Sentry, name: "sentry", fields: "sentry-trace",
		headers: []testHeader{
			traceHeader("sentry-trace", callerTrace+"-"+callerSpan+"-1", "", callerTrace+"-"+callerSpan),
		},
		canWrite: canWrite{bits: 128, deferred: true},
		dialects: []dialect{
			{"sentry", propagation.Sentry, 128, nil, byDecision{
				propagation.Deferred: {"sentry-trace", callerTrace + "-" + callerSpan},
				propagation.Denied:   {"sentry-trace", callerTrace + "-" + callerSpan + "-0"},
				propagation.Accepted: {"sentry-trace", callerTrace + "-" + callerSpan + "-1"},
			}},
		},
		oracle: func(first []string, _ http.Header) propagation.SpanContext {
			m := sentryTrace.FindStringSubmatch(first[0])
			if m == nil {
				return nothing
			}
			decision := map[string]propagation.Sampling{"-0": propagation.Denied, "-1": propagation.Accepted}[m[3]]
			return contextOf(m[1], m[2], "", decision)
		},
	},
}

var sentryTrace = regexp.MustCompile(`^(?i)([0-9a-f]{32})-([0-9a-f]{16})(-[01])?$`)

// A fuzz target for each codec. fuzzCodec has the checks.

func FuzzW3C(f *testing.F)           { fuzzCodec(f, propagation.W3C) }
func FuzzB3Single(f *testing.F)      { fuzzCodec(f, propagation.B3Single) }
func FuzzB3Multi(f *testing.F)       { fuzzCodec(f, propagation.B3Multi) }
func FuzzGRPCTraceBin(f *testing.F)  { fuzzCodec(f, propagation.GRPCTraceBin) }
func FuzzCloudTrace(f *testing.F)    { fuzzCodec(f, propagation.CloudTrace) }
func FuzzOTSpanContext(f *testing.F) { fuzzCodec(f, propagation.OTSpanContext) }
func FuzzDatadog(f *testing.F)       { fuzzCodec(f, propagation.Datadog) }
func FuzzJaeger(f *testing.F)        { fuzzCodec(f, propagation.Jaeger) }
func FuzzXRay(f *testing.F)          { fuzzCodec(f, propagation.XRay) }
func FuzzOTTrace(f *testing.F)       { fuzzCodec(f, propagation.OTTrace) }
func FuzzSentry(f *testing.F)        { fuzzCodec(f, propagation.Sentry) }
