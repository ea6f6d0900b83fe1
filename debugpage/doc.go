// Package debugpage is a web page about one Propagator. It shows which lines of the program make calls that lose headers,
// the counters, and the Config with its defaults. A form shows what becomes of pasted headers on a call to a host. The
// page needs no JavaScript and works on a phone and in dark mode.
//
// Setup takes three lines. The import alone registers no handler:
//
//	var losses debugpage.Losses
//	p := propagation.MustNew(propagation.Config{Observer: losses.Observer(nil)}) // nil, or your own Observer
//	internal.Handle("/debug/traceferry", debugpage.New(p, &losses))
//
// # Who may see it
//
// The page shows names of hosts, headers and source files. So mount it where callers of the service cannot reach it, as
// with net/http/pprof. Use a port of its own that is bound to localhost or to the cluster's network:
//
//	internal := http.NewServeMux()
//	internal.Handle("/debug/traceferry", debugpage.New(p, &losses))
//	go http.ListenAndServe("localhost:6060", internal)
//
// Or put it behind the authentication of your own pages. See the examples.
//
// The page shows no header values of live requests. Of headers that someone pastes into the form, it shows the values of
// trace headers. Of baggage, Config.Headers, UnsafeHeaders and all other headers it shows only the size.
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
