package httptrace

// Option changes what Middleware does besides carrying headers. NewTransport takes
// Options for what may come; none concerns it yet.
type Option interface{ apply(*options) }

type options struct {
	tags  *tagHeaders
	echo  bool
	trust Decider // nil: everybody is believed
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
// delete the header before it writes. Behind httputil.ReverseProxy a backend that echoes
// too makes two lines of it, as the proxy adds to what is there: echo at one place only.
func WithResponseRequestID() Option {
	return optionFunc(func(o *options) { o.echo = true })
}
