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
// always_set_request_id_in_response. The id must have 1 to 128 characters of A-Z a-z 0-9 . _ : - and must not be dots
// only; other ids are not copied. A withheld id is not copied either. With Config.GenerateRequestID, the response has
// the new id. The handler may change or delete the header before it writes.
//
// In front of an httputil.ReverseProxy, use [ProxyTransport], too. Otherwise the response has two lines if the backend
// also sets the header.
func WithResponseRequestID() Option {
	return optionFunc(func(o *options) { o.answering().requestID = true })
}
