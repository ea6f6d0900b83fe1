package capture

// Made returns the metadata that one Propagator has already made from the capture, or nil.
func (c *Node) Made(by any, key any) *OutgoingMetadata {
	if l := c.learned.Load(); l != nil {
		if made := l.Outgoing.Load(); made != nil && made.By == by && made.Key == key {
			return made
		}
	}
	return nil
}

// OutgoingMetadata is the gRPC metadata that one Propagator sends from a capture.
type OutgoingMetadata struct {
	By    any
	Key   any
	Value any
}
