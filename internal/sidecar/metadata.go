package sidecar

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"google.golang.org/grpc/metadata"
)

// binaries writes the bytes of -bin values as gRPC does: base64 without padding.
var binaries = base64.RawStdEncoding

// HeaderOf returns a gRPC call's metadata as HTTP headers, as they are on the wire. It leaves out
// the names that gRPC reserves, because the values are not headers that the caller got.
func HeaderOf(md metadata.MD) http.Header {
	h := http.Header{}
	for name, vals := range md {
		if reserved(name) {
			continue
		}
		for _, v := range vals {
			if strings.HasSuffix(name, "-bin") {
				v = binaries.EncodeToString([]byte(v))
			}
			h.Add(name, v)
		}
	}
	return h
}

// MetadataOf is the reverse of HeaderOf. It leaves out a -bin value that is not base64, because
// grpc-go cannot send it. No tracer writes such a value.
func MetadataOf(h http.Header) metadata.MD {
	md := metadata.MD{}
	for name, vals := range compare.Unpadded(h) {
		for _, v := range vals {
			if strings.HasSuffix(name, "-Bin") {
				b, err := binaries.DecodeString(v)
				if err != nil {
					continue
				}
				v = string(b)
			}
			md.Append(name, v)
		}
	}
	return md
}

// reserved reports whether a name is gRPC's own: see its protocol over HTTP/2.
func reserved(name string) bool {
	switch name {
	case "content-type", "te", "user-agent":
		return true
	case "grpc-trace-bin", "grpc-tags-bin":
		return false
	}
	return strings.HasPrefix(name, ":") || strings.HasPrefix(name, "grpc-")
}
