package wire

import (
	"encoding/base64"
	"strings"
)

// grpcTraceBin is OpenCensus' binary header, which gRPC's own tracing still sends
// (https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md
// and gRPC proposal A72):
//
//	value  = 0x00 version, then fields in any order
//	field  = 0x00 trace-id (16 bytes) / 0x01 span-id (8 bytes) / 0x02 options (1 byte, bit 0 sampled)
//
// An unknown field ends the reading. Without options the decision is deferred, and where they were cut off. In
// gRPC metadata the value is these bytes; in HTTP it is their base64, standard
// alphabet, padded or not, of which several may be joined with commas (gRPC over
// HTTP/2, "Custom-Metadata"): the first counts. A version byte of zero tells the
// two apart.
//
// It is written with all three fields, the 29 bytes that grpc-go insists on. In HTTP it is
// written with padding, which Linkerd needs, unless it was received without.
//
// Linkerd is the only proxy of today that advances it, and reads one padded value alone. gRPC's libraries
// write none: so where x-b3-* name another span of the trace beside such a value, they are read first.
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

// parseTraceBin reads the fields. Without both ids the span context is not valid; readable tells of the decision.
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
		default: // a later minor revision; what was read before it holds
			return sc, true
		}
		if !ok {
			return SpanContext{}, true
		}
		b = rest[size:]
	}
	return sc, true
}

// BinaryValue returns the bytes of a -bin value that may be raw or base64, in buf where they fit.
func BinaryValue(s string, buf []byte) ([]byte, bool) {
	if s != "" && s[0] == 0 {
		return append(buf, s...), true
	}
	s, _, _ = strings.Cut(s, ",")
	return DecodeBase64(buf, s)
}

// DecodeBase64 appends what base64 in the standard alphabet, padded or not, stands for.
func DecodeBase64(dst []byte, s string) ([]byte, bool) {
	s = TrimOWS(s)
	if strings.ContainsAny(s, "\r\n") { // the decoder would pass over them
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
	case unpaddedBase64(e.own.First(0)):
		e.buf = base64.RawStdEncoding.AppendEncode(e.buf, b[:])
	default:
		e.buf = base64.StdEncoding.AppendEncode(e.buf, b[:])
	}
	e.close(0)
}

// paddedBase64 reports whether text is one value of base64 with padding, if its length needs some.
func paddedBase64(s string) bool {
	s = TrimOWS(s)
	return s != "" && s[0] != 0 && len(s)%4 == 0 && !strings.Contains(s, ",")
}

// unpaddedBase64 reports whether text is, or begins with, a value of base64 that lacks its padding.
func unpaddedBase64(s string) bool {
	one, _, _ := strings.Cut(s, ",")
	one = TrimOWS(one)
	return one != "" && one[0] != 0 && len(one)%4 != 0
}
