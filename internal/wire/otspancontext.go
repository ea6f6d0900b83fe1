package wire

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
	"google.golang.org/protobuf/encoding/protowire"
)

// otSpanContext is x-ot-span-context, which has two forms.
//
// LightStep's tracers, also in Envoy up to 1.23, send the padded base64 of a protobuf
// (lightstep-tracer-common, lightstep_carrier.proto):
//
//	message BinaryCarrier      { BasicTracerCarrier basic_ctx = 2; }
//	message BasicTracerCarrier { fixed64 trace_id = 1; fixed64 span_id = 2; bool sampled = 3; map<string, string> baggage_items = 4; }
//
// Envoy's Zipkin tracer of 2017 sent (envoy v1.2, source/common/tracing/zipkin/span_context.cc):
//
//	trace-id ";" span-id ";" parent-id [ ";" annotations ]
//
// Each id has 16 hexadecimal digits. A parent of zeros means no parent. There is no decision. A semicolon, which
// base64 does not contain, distinguishes the two forms. Trace ids have 64 bits.
//
// It is written in the received form, or as protobuf if none was received. The protobuf cannot leave the decision
// open.
var otSpanContext = Codec{
	name:           "otspancontext",
	Fields:         []string{"x-ot-span-context"},
	Decode:         decodeOTSpanContext,
	encode:         encodeOTSpanContext,
	half:           true,
	WithoutBaggage: otSpanContextWithoutBaggage,
}

const (
	carrierBasic = 2 // BinaryCarrier
	basicTraceID = 1 // BasicTracerCarrier
	basicSpanID  = 2
	basicSampled = 3
)

func decodeOTSpanContext(l Lines) (SpanContext, Verdict) {
	s := l.First(0)
	if s == "" {
		return SpanContext{}, Absent
	}
	var sc SpanContext
	var ok bool
	if strings.Contains(s, ";") {
		sc, ok = parseZipkinSpanContext(s)
	} else {
		sc, ok = parseLightStep(s)
	}
	if !ok || !sc.IsValid() {
		return SpanContext{}, Malformed
	}
	return sc, Valid
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
	sc.Sampling = Denied // proto3 omits false values
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

// otSpanContextWithoutBaggage returns a line with only its ids and its decision.
func otSpanContextWithoutBaggage(line string) string {
	line = TrimOWS(line)
	if parts := strings.SplitN(line, ";", 4); len(parts) > 1 {
		return strings.Join(parts[:min(3, len(parts))], ";")
	}
	basic, _ := lightStepBasic(line)
	var kept []byte
	eachField(basic, func(num protowire.Number, typ protowire.Type, _, whole []byte) {
		if num <= basicSpanID && typ == protowire.Fixed64Type || num == basicSampled && typ == protowire.VarintType {
			kept = append(kept, whole...)
		}
	})
	return base64.StdEncoding.EncodeToString(protowire.AppendBytes(protowire.AppendTag(nil, carrierBasic, protowire.BytesType), kept))
}

// eachField visits the fields of a protobuf message and reports whether the message is well-formed. value excludes
// the field's tag, whole includes it.
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

func encodeOTSpanContext(e *encoder) {
	if strings.Contains(e.own(0), ";") {
		e.buf = append(e.buf, e.traceDigits[16:]...)
		e.buf = append(e.buf, ';')
		e.buf = append(e.buf, e.spanDigits[:]...)
		e.buf = append(e.buf, ';')
		e.buf = hex.Append(e.buf, e.ParentID[:])
	} else {
		e.buf = base64.StdEncoding.AppendEncode(e.buf, e.lightStepCarrier())
	}
	e.close(0)
}

// lightStepCarrier returns the protobuf. It keeps the received baggage if that belongs to the written trace.
func (e *encoder) lightStepCarrier() []byte {
	basic := make([]byte, 0, 64)
	basic = protowire.AppendTag(basic, basicTraceID, protowire.Fixed64Type)
	basic = protowire.AppendFixed64(basic, binary.BigEndian.Uint64(e.TraceID[8:]))
	basic = protowire.AppendTag(basic, basicSpanID, protowire.Fixed64Type)
	basic = protowire.AppendFixed64(basic, binary.BigEndian.Uint64(e.SpanID[:]))
	if e.decision().Sampled() {
		basic = protowire.AppendTag(basic, basicSampled, protowire.VarintType)
		basic = protowire.AppendVarint(basic, 1)
	}
	if e.kept {
		came, _ := lightStepBasic(e.own(0))
		eachField(came, func(num protowire.Number, _ protowire.Type, _, whole []byte) {
			if num > basicSampled { // baggage, and fields of later versions
				basic = append(basic, whole...)
			}
		})
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, carrierBasic, protowire.BytesType), basic)
}
