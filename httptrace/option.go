package httptrace

// Option changes what Middleware and NewTransport do besides carrying headers.
type Option interface{ apply(*options) }

type options struct {
	tags *tagHeaders
	echo bool
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

// WithResponseRequestID has Middleware put the request's x-request-id into the
// response, as Envoy does with always_set_request_id_in_response. An id that is not 1 to 128
// characters of A-Z a-z 0-9 . _ : - is not echoed. The handler may still change or
// delete the header before it writes.
func WithResponseRequestID() Option {
	return optionFunc(func(o *options) { o.echo = true })
}
