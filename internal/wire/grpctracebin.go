package wire

import (
	"encoding/base64"
	"strings"
)

// grpcTraceBin is OpenCensus' binary header. gRPC's own tracing still sends it
// (https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md
// and gRPC proposal A72):
//
//	value  = 0x00 version, then fields in any order
//	field  = 0x00 trace-id (16 bytes) / 0x01 span-id (8 bytes) / 0x02 options (1 byte, bit 0 sampled)
//
// Decoding stops at an unknown field. If options are absent or truncated, the decision is deferred. gRPC metadata
// carries these bytes. HTTP carries their base64 in the standard alphabet, padded or not. Several values may be
// joined with commas (gRPC over HTTP/2, "Custom-Metadata"); the first one counts. A version byte of zero
// distinguishes bytes from base64.
//
// It is written with all three fields, because grpc-go requires 29 bytes. Over HTTP it is written with padding,
// because Linkerd needs it, unless the received value has none.
//
// Linkerd advances this header, and Dapr's sidecar adds one with its span over gRPC. No other current proxy is known to
// write it. Linkerd reads only a single padded value, and gRPC's libraries write no padding. So x-b3-* take precedence
// if they name another span of the trace beside a value that Linkerd cannot read.
var grpcTraceBin = Codec{
	name:    "grpctracebin",
	Fields:  []string{"grpc-trace-bin"},
	Decode:  decodeGRPCTraceBin,
	encode:  encodeGRPCTraceBin,
	Skipped: func(l Lines) bool { return !paddedBase64(l.All(0)[0]) },
	Instead: []Format{B3Multi},
}

func decodeGRPCTraceBin(l Lines) (SpanContext, Verdict) {
	all := l.All(0)
	if len(all) == 0 {
		return SpanContext{}, Absent
	}
	var buf [64]byte
	raw, ok := BinaryValue(all[0], buf[:0])
	if !ok || len(raw) == 0 || raw[0] != 0 {
		return SpanContext{}, Malformed
	}
	sc, readable := parseTraceBin(raw[1:])
	if !sc.IsValid() {
		return SpanContext{}, Malformed
	}
	return sc, Valid.withDecision(readable)
}

// parseTraceBin reads the fields. The span context is invalid without both ids. readable says whether the decision
// is valid.
func parseTraceBin(b []byte) (sc SpanContext, readable bool) {
	for len(b) > 0 {
		id, rest := b[0], b[1:]
		size, ok := 0, true
		switch id {
		case 0:
			size = copy(sc.TraceID[:], rest)
			ok = size == len(sc.TraceID)
		case 1:
			size = copy(sc.SpanID[:], rest)
			ok = size == len(sc.SpanID)
		case 2:
			if len(rest) == 0 {
				return sc, false
			}
			size = 1
			sc.Sampling = Denied
			if rest[0]&1 != 0 {
				sc.Sampling = Accepted
			}
		default: // a later minor revision; the fields read so far are valid
			return sc, true
		}
		if !ok {
			return SpanContext{}, true
		}
		b = rest[size:]
	}
	return sc, true
}

// BinaryValue returns the bytes of a -bin value that may be raw or base64. It appends them to buf.
func BinaryValue(s string, buf []byte) ([]byte, bool) {
	if s != "" && s[0] == 0 {
		return append(buf, s...), true
	}
	s, _, _ = strings.Cut(s, ",")
	return DecodeBase64(buf, s)
}

// DecodeBase64 decodes standard base64, padded or not, and appends the bytes to dst.
func DecodeBase64(dst []byte, s string) ([]byte, bool) {
	s = TrimOWS(s)
	if strings.ContainsAny(s, "\r\n") { // the decoder would ignore them
		return dst, false
	}
	enc := base64.StdEncoding
	if len(s)%4 != 0 {
		enc = base64.RawStdEncoding
	}
	dst, err := enc.AppendDecode(dst, []byte(s))
	return dst, err == nil
}

func encodeGRPCTraceBin(e *encoder) {
	b := [29]byte{1: 0, 18: 1, 27: 2} // the field ids; version 0
	copy(b[2:], e.TraceID[:])
	copy(b[19:], e.SpanID[:])
	if e.decision().Sampled() {
		b[28] = 1
	}
	switch {
	case e.raw:
		e.buf = append(e.buf, b[:]...)
	case unpaddedBase64(e.own(0)):
		e.buf = base64.RawStdEncoding.AppendEncode(e.buf, b[:])
	default:
		e.buf = base64.StdEncoding.AppendEncode(e.buf, b[:])
	}
	e.close(0)
}

// paddedBase64 reports whether a text is a single base64 value with all required padding.
func paddedBase64(s string) bool {
	s = TrimOWS(s)
	return s != "" && s[0] != 0 && len(s)%4 == 0 && !strings.Contains(s, ",")
}

// unpaddedBase64 reports whether the first value of a text is base64 without its required padding.
func unpaddedBase64(s string) bool {
	one, _, _ := strings.Cut(s, ",")
	one = TrimOWS(one)
	return one != "" && one[0] != 0 && len(one)%4 != 0
}
