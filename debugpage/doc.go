// Package debugpage is a web page about one Propagator: where calls lost their headers, what a request's headers become
// at a host, the counters, and the compiled Config. It needs no JavaScript and works on a phone and in dark mode.
//
// The setup takes three lines. Nothing registers itself:
//
//	var losses debugpage.Losses
//	p := propagation.MustNew(propagation.Config{Observer: losses.Observer(nil)}) // nil, or your own Observer
//	internal.Handle("/debug/traceferry", debugpage.New(p, &losses))
//
// # Who may see it
//
// The page shows names of hosts, headers and source files. So mount it where callers of the service cannot reach it: on
// a port of its own that is bound to localhost or to the cluster's network, as for net/http/pprof,
//
//	internal := http.NewServeMux()
//	internal.Handle("/debug/traceferry", debugpage.New(p, &losses))
//	go http.ListenAndServe("localhost:6060", internal)
//
// or behind the authentication of your own pages. See the examples.
//
// The page shows no values of baggage, of Config.Headers or of UnsafeHeaders, and no header values of live requests. It
// shows only what someone pastes into its form: values of trace headers, and the size of all other headers. It does not
// repeat the pasted text.
//
// The page is safe against hostile header values. It escapes all text, and writes printable ASCII only. Other characters
// are shown as escapes, such as "\u202e". Its Content-Security-Policy allows no script, no frame and no other origin.
// Browsers do not store the page. The handler refuses forms of other origins.
//
// # JSON
//
// With the header Accept: application/json, the handler returns the same data as JSON:
//
//	curl -H 'Accept: application/json' localhost:6060/debug/traceferry
//	curl -H 'Accept: application/json' --data-urlencode headers@request.txt -d host=reviews:9080 \
//		localhost:6060/debug/traceferry
package debugpage
