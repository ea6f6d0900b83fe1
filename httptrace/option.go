package httptrace

// Option changes what [Middleware] does besides carrying headers. NewTransport accepts Options, but no Option affects
// it yet.
type Option interface{ apply(*options) }

type options struct {
	tags    *tagHeaders
	answers *answers // nil: no response headers
	trust   Decider  // nil: every caller is trusted
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

func collect(opts []Option) (o options) {
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}

// WithResponseRequestID makes Middleware copy the request's x-request-id to the response, as Envoy does with
// always_set_request_id_in_response. It does not copy an id that is not 1 to 128 characters of A-Z a-z 0-9 . _ : -, or
// that is dots only. The handler may still change or delete the header before it writes. In front of an
// httputil.ReverseProxy, use [ProxyTransport], or a backend that sets the header too makes two lines of it.
func WithResponseRequestID() Option {
	return optionFunc(func(o *options) { o.answering().requestID = true })
}
