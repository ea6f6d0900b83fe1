package interop

import (
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/stats/opentelemetry"
)

const (
	traceBin      = "\x00\x00@ABCDEFGHIJKLMNO\x01abcdefgh\x02\x01"
	traceBinField = "Grpc-Trace-Bin"
)

var traceBinSample = header(traceBinField, traceBin)

// grpcTraceBin is the propagator of grpc-go's OpenTelemetry plugin. Its carriers hold raw bytes. So an http.Header
// replaces metadata here.
var grpcTraceBin = peer{
	name:    "grpc-go's GRPCTraceBinPropagator",
	format:  propagation.GRPCTraceBin,
	fields:  []string{traceBinField},
	sample:  traceBinSample,
	inject:  otelInject(opentelemetry.GRPCTraceBinPropagator{}, nil),
	extract: otelExtract(opentelemetry.GRPCTraceBinPropagator{}),
	says:    idsAndFlag,
	known: []difference{
		takesFirst("grpc-go's GRPCTraceBinPropagator", proof{onlyOurs: spoil(traceBinSample, traceBinField, "", traceBin)}),
		{
			rule: "OpenCensus, BinaryEncoding: all fields are optional, and one that is not known ends the reading. " +
				"grpc-go wants 29 bytes.",
			shows: func(h http.Header) bool { return len(h.Get(traceBinField)) != 29 },
			makes: proof{onlyOurs: header(traceBinField, strings.TrimSuffix(traceBin, "\x02\x01"))},
		},
		{
			rule: "OpenCensus, BinaryEncoding: fields are told by their ids. grpc-go wants them in the order of these.",
			shows: func(h http.Header) bool {
				b := h.Get(traceBinField)
				return len(b) == 29 && (b[1] != 0 || b[18] != 1 || b[27] != 2)
			},
			makes: proof{onlyOurs: header(traceBinField, "\x00\x01abcdefgh\x00@ABCDEFGHIJKLMNO\x02\x01")},
		},
	},
}

// FuzzGRPCTraceBin has one argument for each value, because raw bytes can contain every separator.
func FuzzGRPCTraceBin(f *testing.F) {
	for _, h := range grpcTraceBin.seeds(f) {
		f.Add([]byte(h.Get(traceBinField)), []byte(nil), false)
	}
	f.Fuzz(func(t *testing.T, first, second []byte, twice bool) {
		h := http.Header{traceBinField: {string(first)}}
		if twice {
			h[traceBinField] = append(h[traceBinField], string(second))
		}
		grpcTraceBin.check(t, h)
	})
}
