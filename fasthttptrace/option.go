package fasthttptrace

// Option changes what [Middleware] and [NewInbound] do besides carrying headers. A [Decider] is an Option.
type Option interface{ apply(*options) }

type options struct {
	trust Decider // nil: every caller is trusted
}

func collect(opts []Option) (o options) {
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}
