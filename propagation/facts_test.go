package propagation_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// fact is what the tests know of a format. It comes from the format's specification, not from the code.
type fact struct {
	format   propagation.Format
	name     string
	fields   string
	prefixes string
	words    []word // what a caller says in each of the names, and what is trusted of it

	room     room      // what can be written in the format; zero: it names no span
	dialects []dialect // what callers say in it
	oracle   func(first []string, in http.Header) propagation.SpanContext
}

// factOf returns the facts of a format.
func factOf(f propagation.Format) fact { return facts[f-1] }

// facts has a row for each format, in the order of their constants.
var facts = []fact{
	{
		format: propagation.W3C, name: "tracecontext", fields: "traceparent tracestate",
		words: []word{
			tracing("traceparent", callerW3C, "", "00-"+callerTrace+"-"+callerSpan+"-00"),
			tracing("tracestate", "dd=s:1,vendor=x,ot=th:8", "", "vendor=x"),
		},
		room: room{bits: 128},
		dialects: []dialect{
			{"tracecontext", propagation.W3C, 128, []string{theRandomFlag, theTraceState, theOrigin}, says{
				propagation.Denied:   {"traceparent", "00-" + callerTrace + "-" + callerSpan + "-02", "tracestate", callerState},
				propagation.Accepted: {"traceparent", "00-" + callerTrace + "-" + callerSpan + "-03", "tracestate", callerState},
			}},
		},
		oracle: oracleW3C,
	},
	{
		format: propagation.B3Single, name: "b3", fields: "b3",
		words: []word{
			tracing("b3", callerB3, "1", callerTrace+"-"+callerSpan),
		},
		room: room{bits: 128, deferred: true, debug: true, parent: true},
		dialects: []dialect{
			{"b3", propagation.B3Single, 128, []string{theParent}, says{
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
		words: []word{
			tracing("x-b3-traceid", callerTrace, "", all),
			tracing("x-b3-spanid", callerSpan, "", all),
			tracing("x-b3-parentspanid", "0020000000000001", "", all),
			ordering("x-b3-sampled", "1"),
			ordering("x-b3-flags", "0"),
		},
		room: room{bits: 128, deferred: true, debug: true, parent: true},
		dialects: []dialect{
			{"b3multi", propagation.B3Multi, 128, []string{theParent}, says{
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
		words: []word{
			tracing("grpc-trace-bin", callerBin, "", callerBin[:len(callerBin)-1]+"A"),
		},
		room: room{bits: 128}, // grpc-go wants its options
		dialects: []dialect{
			{"grpctracebin", propagation.GRPCTraceBin, 128, nil, says{
				propagation.Deferred: {"grpc-trace-bin", callerBinRaw[:27]}, // without options
				propagation.Denied:   {"grpc-trace-bin", callerBinRaw[:28] + "\x00"},
				propagation.Accepted: {"grpc-trace-bin", callerBinRaw},
			}},
		},
		oracle: oracleTraceBin,
	},
	{
		format: propagation.CloudTrace, name: "cloudtrace", fields: "x-cloud-trace-context",
		words: []word{
			tracing("x-cloud-trace-context", callerTrace+"/"+callerSpanNumber+";o=1", "", callerTrace+"/"+callerSpanNumber),
		},
		room: room{bits: 128, deferred: true},
		dialects: []dialect{
			{"cloudtrace", propagation.CloudTrace, 128, nil, says{
				propagation.Deferred: {"x-cloud-trace-context", callerTrace + "/" + callerDecimal},
				propagation.Denied:   {"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=0"},
				propagation.Accepted: {"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=1"},
			}},
		},
		oracle: oracleCloudTrace,
	},
	{
		format: propagation.OTSpanContext, name: "otspancontext", fields: "x-ot-span-context",
		words: []word{
			{"x-ot-span-context", lightStep(true, true), "", lightStep(false, true), lightStep(true, false), all, all},
		},
		room: room{bits: 64},
		dialects: []dialect{
			{"otspancontext", propagation.OTSpanContext, 64, nil, says{
				propagation.Denied:   {"x-ot-span-context", "EhIJJGG7UzlaSEgREtOWGh1K+6I="},
				propagation.Accepted: {"x-ot-span-context", "EhQJJGG7UzlaSEgREtOWGh1K+6IYAQ=="},
			}},
			{"otspancontext, old Envoy's", propagation.OTSpanContext, 64, []string{theParent}, says{
				propagation.Deferred: {"x-ot-span-context", callerLow + ";" + callerSpan + ";" + callerParent},
			}},
		},
	},
	{
		format: propagation.RequestID, name: "requestid", fields: "x-request-id",
		words: []word{
			{"x-request-id", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d", all, "5f2f7d9c-7b1a-4d5e-8f57-1f8f0a2b3c4d", all, "", all},
		},
	},
	{
		format: propagation.Baggage, name: "baggage", fields: "baggage",
		words: []word{
			bagging("baggage"),
		},
	},
	{
		format: propagation.Datadog, name: "datadog", fields: "x-datadog-trace-id x-datadog-parent-id x-datadog-sampling-priority x-datadog-origin x-datadog-tags",
		words: []word{
			tracing("x-datadog-trace-id", fmt.Sprint(uint64(0x48485a3953bb6124)), "", all),
			tracing("x-datadog-parent-id", callerSpanNumber, "", all),
			tracing("x-datadog-sampling-priority", "2", "", ""),
			tracing("x-datadog-origin", "rum", "", all),
			tracing("x-datadog-tags", "_dd.p.tid="+highHalf+",_dd.p.dm=-4,_dd.p.x=1", "", "_dd.p.tid="+highHalf+",_dd.p.x=1"),
		},
		room: room{bits: 128, deferred: true}, // the high half in a tag
		dialects: []dialect{
			{"datadog", propagation.Datadog, 128, []string{theOrigin}, says{
				propagation.Deferred: fromDatadog(),
				propagation.Denied:   fromDatadog("x-datadog-sampling-priority", "0"),
				propagation.Accepted: fromDatadog("x-datadog-sampling-priority", "1"),
			}},
		},
	},
	{
		format: propagation.Jaeger, name: "jaeger", fields: "uber-trace-id jaeger-debug-id jaeger-baggage", prefixes: "uberctx-",
		words: []word{
			tracing("uber-trace-id", callerTrace+":"+callerSpan+":0:1", "", callerTrace+":"+callerSpan+":0:0"),
			ordering("jaeger-debug-id", "please"),
			bagging("jaeger-baggage"),
			bagging("uberctx-user"),
		},
		room: room{bits: 128, debug: true}, // the parent is deprecated, and written as 0
		dialects: []dialect{
			{"jaeger", propagation.Jaeger, 128, []string{theParent}, says{
				propagation.Denied:   {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:0"},
				propagation.Accepted: {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:1"},
				propagation.Debug:    {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:3"},
			}},
		},
		oracle: oracleJaeger,
	},
	{
		format: propagation.XRay, name: "xray", fields: "x-amzn-trace-id",
		words: []word{
			tracing("x-amzn-trace-id", callerIDs+";Sampled=1;Lineage=a:1", "", callerIDs+";Lineage=a:1"),
		},
		room: room{bits: 128, deferred: true},
		dialects: []dialect{
			{"xray", propagation.XRay, 128, nil, says{
				propagation.Deferred: {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=?"},
				propagation.Denied:   {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=0"},
				propagation.Accepted: {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=1"},
			}},
		},
		oracle: oracleXRay,
	},
	{
		format: propagation.OTTrace, name: "ottrace", fields: "ot-tracer-traceid ot-tracer-spanid ot-tracer-sampled", prefixes: "ot-baggage-",
		words: []word{
			tracing("ot-tracer-traceid", lowHalf, "", all),
			tracing("ot-tracer-spanid", callerSpan, "", all),
			tracing("ot-tracer-sampled", "true", all, "false"), // it cannot be left open
			bagging("ot-baggage-user"),
		},
		room: room{bits: 64},
		dialects: []dialect{
			{"ottrace", propagation.OTTrace, 64, nil, says{
				propagation.Deferred: {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan},
				propagation.Denied:   {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "false"},
				propagation.Accepted: {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "true"},
			}},
		},
		oracle: oracleOTTrace,
	},
	{
		format: propagation.SkyWalking, name: "sw8", fields: "sw8 sw8-correlation sw8-x",
		words: []word{
			carrying("sw8"), bagging("sw8-correlation"), carrying("sw8-x"),
		},
	},
	{
		format: propagation.ClientTrace, name: "clienttrace", fields: "x-client-trace-id x-envoy-force-trace",
		words: []word{
			carrying("x-client-trace-id"), ordering("x-envoy-force-trace", "true"),
		},
	},
	{
		format: propagation.Linkerd1, name: "l5d", fields: "dtab-local l5d-dtab l5d-sample", prefixes: "l5d-ctx-",
		words: []word{
			carrying("dtab-local"), carrying("l5d-dtab"), ordering("l5d-sample", "1.0"), carrying("l5d-ctx-trace"),
		},
	},
	{
		format: propagation.AzureRequestID, name: "azure", fields: "request-id correlation-context",
		words: []word{
			carrying("request-id"), bagging("correlation-context"),
		},
	},
	{
		format: propagation.Sentry, name: "sentry", fields: "sentry-trace",
		words: []word{
			tracing("sentry-trace", callerTrace+"-"+callerSpan+"-1", "", callerTrace+"-"+callerSpan),
		},
		room: room{bits: 128, deferred: true},
		dialects: []dialect{
			{"sentry", propagation.Sentry, 128, nil, says{
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

// A fuzz target for each codec: see fuzzCodec.

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
