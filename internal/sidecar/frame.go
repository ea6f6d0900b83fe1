package sidecar

import "google.golang.org/grpc/mem"

// Frame is a message that is not parsed.
type Frame []byte

// Frames is the codec of messages that are only forwarded. It has protobuf's name, because
// the messages are protobuf.
type Frames struct{}

// Name returns "proto".
func (Frames) Name() string { return "proto" }

// Marshal returns the bytes of a Frame.
func (Frames) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.(Frame))}, nil
}

// Unmarshal copies the bytes to a *Frame.
func (Frames) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*Frame) = data.Materialize()
	return nil
}
