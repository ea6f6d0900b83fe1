// Package ratingspb is the gRPC service of bookinfo's ratings, as ratings.proto has it.
// All but this file is generated; go generate does it again, with Go alone.
package ratingspb

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.57.2 generate
