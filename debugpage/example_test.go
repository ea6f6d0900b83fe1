package debugpage_test

import (
	"crypto/subtle"
	"fmt"
	"log"
	"net/http"

	"github.com/traceferry/traceferry/debugpage"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// The page is on a port of its own, which only this machine reaches. Look at it with kubectl port-forward or ssh -L.
func Example() {
	var losses debugpage.Losses
	c := preset.Istio()
	c.Observer = losses.Observer(nil)
	p := propagation.MustNew(c)

	internal := http.NewServeMux()
	internal.Handle("/debug/traceferry", debugpage.New(p, &losses))
	go http.ListenAndServe("localhost:6060", internal)

	service := http.NewServeMux()
	log.Fatal(http.ListenAndServe(":8080", httptrace.Middleware(p)(service)))
}

// The page is on the service's own port, behind a password.
func ExampleNew_authentication() {
	p := propagation.MustNew(propagation.Config{})
	password := []byte("from a secret store")

	page := debugpage.New(p, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/traceferry", func(w http.ResponseWriter, r *http.Request) {
		_, given, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(given), password) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="debug"`)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// Losses are also of use without the page, here beside an Observer of the program's own.
func ExampleLosses() {
	var losses debugpage.Losses
	own := &propagation.Observer{Lost: nil} // your own functions, which are still called
	p := propagation.MustNew(propagation.Config{Observer: losses.Observer(own)})
	_ = p

	for _, site := range losses.Sites() {
		fmt.Printf("%d times: %v\n", site.Count, site.Loss)
	}
	// Output:
}
