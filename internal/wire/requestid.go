package wire

import (
	"crypto/rand"
	"strings"

	"github.com/google/uuid"
)

// requestID is Envoy's x-request-id
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-request-id).
// It may be any string. Envoy makes UUIDs, samples by their first eight digits, and keeps the trace reason in their
// fifteenth character. So it must be forwarded unchanged.
var requestID = Codec{
	name:   "requestid",
	Fields: []string{"x-request-id"},
}

// NewRequestID returns a random UUID (RFC 9562, version 4). To Envoy, its fifteenth character, 4, means that the
// request is not traced.
//
// uuid.NewString costs one more allocation, because it passes its bytes to an io.Reader.
func NewRequestID() string {
	var id uuid.UUID
	rand.Read(id[:])
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return id.String()
}

// ValidRequestID reports whether an id is safe to print, to send, and to use as a file name: 1 to 128 characters of
// A-Z a-z 0-9 . _ : -, and not only dots.
func ValidRequestID(s string) bool {
	if len(s) > 128 || strings.Trim(s, ".") == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == ':', c == '-':
		default:
			return false
		}
	}
	return true
}

// TraceReason is the reason why Envoy traces a request, as its x-request-id records it.
type TraceReason uint8

const (
	NotTraced       TraceReason = iota // no reason, or an id that is not Envoy's
	SampledByEnvoy                     // random or overall sampling
	ForcedByService                    // x-envoy-force-trace requested it
	ForcedByClient                     // x-client-trace-id requested it
)

var traceReasonNames = [...]string{"not traced", "sampled", "forced by service", "forced by client"}

// String returns the reason in words.
func (r TraceReason) String() string {
	if int(r) < len(traceReasonNames) {
		return traceReasonNames[r]
	}
	return "unknown"
}

// TraceReasonOf returns the trace reason from an x-request-id: character 14 of 36, lower case (Envoy,
// source/extensions/request_id/uuid/config.cc). It returns NotTraced for every other string. It does not allocate,
// and is safe for concurrent use.
func TraceReasonOf(requestID string) TraceReason {
	if len(requestID) != 36 {
		return NotTraced
	}
	switch requestID[14] {
	case '9':
		return SampledByEnvoy
	case 'a':
		return ForcedByService
	case 'b':
		return ForcedByClient
	}
	return NotTraced
}
