package sidecar

import "google.golang.org/grpc/mem"

// frame is a message that nobody has parsed.
type frame []byte

// frames is the codec of messages that are only passed on. It has protobuf's name, as
// what it passes on is protobuf.
type frames struct{}

func (frames) Name() string { return "proto" }

func (frames) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.(frame))}, nil
}

func (frames) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*frame) = data.Materialize()
	return nil
}
