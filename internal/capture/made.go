package capture

// Made returns what one Propagator has made of the capture before, or nil.
func (c *Node) Made(by any, key any) *OutgoingMetadata {
	if l := c.learned.Load(); l != nil {
		if made := l.Outgoing.Load(); made != nil && made.By == by && made.Key == key {
			return made
		}
	}
	return nil
}

// OutgoingMetadata is what one Propagator sends of a capture over gRPC.
type OutgoingMetadata struct {
	By    any
	Key   any
	Value any
}
