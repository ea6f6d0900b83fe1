package propagation

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
	"google.golang.org/protobuf/encoding/protowire"
)

// otSpanContext is x-ot-span-context, which means two things.
//
// LightStep's tracers, in Envoy up to 1.23, send padded base64 of a protobuf
// (lightstep-tracer-common, lightstep_carrier.proto):
//
//	message BinaryCarrier      { BasicTracerCarrier basic_ctx = 2; }
//	message BasicTracerCarrier { fixed64 trace_id = 1; fixed64 span_id = 2; bool sampled = 3; map<string, string> baggage_items = 4; }
//
// Envoy's Zipkin tracer of 2017 sent (envoy v1.2, source/common/tracing/zipkin/span_context.cc):
//
//	trace-id ";" span-id ";" parent-id [ ";" annotations ]
//
// each id 16 hexadecimal digits, a parent of zeros none, and no decision. A
// semicolon, which base64 has not, tells the two apart. Trace ids have 64 bits.
//
// It is written in the form in which it came, as protobuf when nothing came. The
// protobuf cannot leave the decision open.
var otSpanContext = codec{
	name:    "otspancontext",
	fields:  []string{"x-ot-span-context"},
	decode:  decodeOTSpanContext,
	encode:  encodeOTSpanContext,
	written: 1,
	size:    64,
}

const (
	carrierBasic   = 2 // BinaryCarrier
	basicTraceID   = 1 // BasicTracerCarrier
	basicSpanID    = 2
	basicSampled   = 3
	maxFixedFields = 2 + 2*9 + 2
)

func decodeOTSpanContext(l lines) (SpanContext, verdict) {
	s := l.first(0)
	if s == "" {
		return SpanContext{}, absent
	}
	var sc SpanContext
	var ok bool
	if strings.Contains(s, ";") {
		sc, ok = parseZipkinSpanContext(s)
	} else {
		sc, ok = parseLightStep(s)
	}
	if !ok || !sc.IsValid() {
		return SpanContext{}, malformed
	}
	return sc, valid
}

func parseZipkinSpanContext(s string) (sc SpanContext, ok bool) {
	traceID, s, _ := strings.Cut(s, ";")
	spanID, s, _ := strings.Cut(s, ";")
	parentID, _, _ := strings.Cut(s, ";")
	ok = hex.Decode(sc.TraceID[8:], traceID) && hex.Decode(sc.SpanID[:], spanID) && hex.Decode(sc.ParentID[:], parentID)
	return sc, ok
}

func parseLightStep(s string) (sc SpanContext, ok bool) {
	basic, ok := lightStepBasic(s)
	if !ok {
		return sc, false
	}
	sc.Sampling = Denied // proto3 leaves a false out
	ok = eachField(basic, func(num protowire.Number, typ protowire.Type, value, _ []byte) {
		switch {
		case num == basicTraceID && typ == protowire.Fixed64Type:
			v, _ := protowire.ConsumeFixed64(value)
			binary.BigEndian.PutUint64(sc.TraceID[8:], v)
		case num == basicSpanID && typ == protowire.Fixed64Type:
			v, _ := protowire.ConsumeFixed64(value)
			binary.BigEndian.PutUint64(sc.SpanID[:], v)
		case num == basicSampled && typ == protowire.VarintType:
			sc.Sampling = Denied
			if v, _ := protowire.ConsumeVarint(value); v != 0 {
				sc.Sampling = Accepted
			}
		}
	})
	return sc, ok
}

// lightStepBasic returns the bytes of the BasicTracerCarrier.
func lightStepBasic(s string) (basic []byte, ok bool) {
	carrier, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	ok = eachField(carrier, func(num protowire.Number, typ protowire.Type, value, _ []byte) {
		if num == carrierBasic && typ == protowire.BytesType {
			basic, _ = protowire.ConsumeBytes(value)
		}
	})
	return basic, ok
}

// eachField visits the fields of a protobuf message, value without and whole with
// the field's tag, and reports whether the message is well-formed.
func eachField(msg []byte, visit func(num protowire.Number, typ protowire.Type, value, whole []byte)) bool {
	for len(msg) > 0 {
		num, typ, tag := protowire.ConsumeTag(msg)
		if tag < 0 {
			return false
		}
		n := protowire.ConsumeFieldValue(num, typ, msg[tag:])
		if n < 0 {
			return false
		}
		visit(num, typ, msg[tag:tag+n], msg[:tag+n])
		msg = msg[tag+n:]
	}
	return true
}

func encodeOTSpanContext(w writer, o outgoing) writer {
	came := o.own.first(0)
	if strings.Contains(came, ";") {
		w.buf = hex.Append(w.buf, o.TraceID[8:])
		w.buf = append(w.buf, ';')
		w.buf = hex.Append(w.buf, o.SpanID[:])
		w.buf = append(w.buf, ';')
		w.buf = hex.Append(w.buf, o.ParentID[:])
		return w.close(0)
	}
	var extra []byte // baggage, and what a later version may have added
	if o.kept {
		basic, _ := lightStepBasic(came)
		eachField(basic, func(num protowire.Number, _ protowire.Type, _, whole []byte) {
			if num > basicSampled {
				extra = append(extra, whole...)
			}
		})
	}
	var fixed [maxFixedFields]byte
	basic := fixed[:0]
	basic = protowire.AppendTag(basic, basicTraceID, protowire.Fixed64Type)
	basic = protowire.AppendFixed64(basic, binary.BigEndian.Uint64(o.TraceID[8:]))
	basic = protowire.AppendTag(basic, basicSpanID, protowire.Fixed64Type)
	basic = protowire.AppendFixed64(basic, binary.BigEndian.Uint64(o.SpanID[:]))
	if o.decision().Sampled() {
		basic = protowire.AppendTag(basic, basicSampled, protowire.VarintType)
		basic = protowire.AppendVarint(basic, 1)
	}
	basic = append(basic, extra...)

	var whole [40]byte
	carrier := protowire.AppendTag(whole[:0], carrierBasic, protowire.BytesType)
	carrier = protowire.AppendBytes(carrier, basic)
	w.buf = base64.StdEncoding.AppendEncode(w.buf, carrier)
	return w.close(0)
}
