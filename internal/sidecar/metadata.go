package sidecar

import (
	"encoding/base64"
	"net/http"
	"strings"

	"google.golang.org/grpc/metadata"
)

// headerOf returns a gRPC call's metadata as HTTP has it: the bytes of -bin values in
// base64. What gRPC itself says under the names that it keeps is left out, so that it
// does not pass for a header of that name that the caller was handed.
func headerOf(md metadata.MD) http.Header {
	h := http.Header{}
	for name, vals := range md {
		if reserved(name) {
			continue
		}
		for _, v := range vals {
			if strings.HasSuffix(name, "-bin") {
				v = base64.StdEncoding.EncodeToString([]byte(v))
			}
			h.Add(name, v)
		}
	}
	return h
}

// metadataOf is the way back.
func metadataOf(h http.Header) metadata.MD {
	md := metadata.MD{}
	for name, vals := range h {
		for _, v := range vals {
			if strings.HasSuffix(name, "-Bin") {
				b, err := base64.StdEncoding.DecodeString(v)
				if err != nil {
					continue // some tamperer's: gRPC cannot say it
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
