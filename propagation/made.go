package propagation

// made returns what one Propagator has made of the capture before, or nil.
func (c *capture) made(by any, key any) *outgoingMetadata {
	if l := c.learned.Load(); l != nil {
		if made := l.outgoing.Load(); made != nil && made.by == by && made.key == key {
			return made
		}
	}
	return nil
}

// outgoingMetadata is what one Propagator sends of a capture over gRPC.
type outgoingMetadata struct {
	by    any
	key   any
	value any
}
