package debugpage_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/debugpage"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"golang.org/x/net/html"
)

const (
	trace = "463ac35c9f6413ad48485a3953bb6124"
	spanA = "a2fb4a1d1a96d312"
)

// ask sends a request to a page. A non-nil form makes it a POST.
func ask(page http.Handler, form url.Values, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/debug/traceferry", nil)
	if form != nil {
		r = httptest.NewRequest("POST", "/debug/traceferry", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return w
}

// shop is a Propagator with losses, counts and a large Config.
func shop(t testing.TB) (*propagation.Propagator, *debugpage.Losses) {
	losses := new(debugpage.Losses)
	c := preset.Istio()
	c.Formats = append(c.Formats, propagation.Baggage)
	c.Headers, c.UnsafeHeaders = []string{"end-user", "x-shop-*"}, []string{"authorization"}
	c.Destinations = []propagation.Destination{{Hosts: []string{"*.partner.example"}, Formats: []propagation.Format{propagation.W3C}, Baggage: []string{"tenant"}}}
	c.Observer = losses.Observer(nil)
	p, err := propagation.New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Observer.Lost(t.Context(), lossAt(41))
	propagation.RemoteFromContext(p.ExtractHTTP(t.Context(), http.Header{"Traceparent": {"x"}}))
	return p, losses
}

// TestPage: the page has the Config, the counters and the losses.
func TestPage(t *testing.T) {
	p, losses := shop(t)
	w := ask(debugpage.New(p, losses), nil, "text/html,application/xhtml+xml,*/*;q=0.8")
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	body := w.Body.String()
	for _, want := range []string{
		"/src/shop/cart.go:41", "shop.cart", "client without traceferry", "httptrace.NewTransport", "reviews:9080", ">1<",
		"tracecontext", "malformed", "x-b3-traceid", "end-user", "authorization", "to *.partner.example", "baggage: tenant", "HeaderBytes 8192", "Observer.Lost",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, name := range []string{"Cache-Control", "Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Vary"} {
		if w.Header().Get(name) == "" {
			t.Errorf("the response has no header %s", name)
		}
	}
	csp := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy %q does not have %q", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
		t.Errorf("the content security policy is %q, want it without \"unsafe\" and script-src", csp)
	}
}

// TestPageExplains: the answer to the form says which headers go to the host.
func TestPageExplains(t *testing.T) {
	p, losses := shop(t)
	before := p.Stats()
	pasted := "traceparent: 00-" + trace + "-" + spanA + "-01\nb3: " + trace + "-1111111111111111-1\nbaggage: tenant=7,user=bob\nend-user: bob\nauthorization: Bearer s3cret\n" +
		"cookie: s3cret\nx-datadog-origin: rum\nx-company: s3cret\naccept: text/s3cret\n"
	for caller, wants := range map[string][]string{
		"trusted": {
			"the rule for <code>*.partner.example</code> applies", "trace <code>" + trace + "</code>", "is used: it is the first valid format", "names another span of the same trace as tracecontext",
			"does not allow the rest", "Config.Headers does not list it", "put it in UnsafeHeaders", "belongs to one hop or one message",
		},
		"untrusted": {"not trusted (restart)", "not sent: the caller is not trusted"},
	} {
		w := ask(debugpage.New(p, losses), url.Values{"headers": {pasted}, "host": {" api.partner.example "}, "caller": {caller}}, "")
		body := w.Body.String()
		for _, want := range wants {
			if w.Code != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: the answer with status %d does not contain %q", caller, w.Code, want)
			}
		}
		for _, secret := range []string{"bob", "s3cret", "text/"} {
			if strings.Contains(body[strings.Index(body, "<body"):], secret) {
				t.Errorf("%s: the answer contains %q, want it hidden", caller, secret)
			}
		}
	}
	if p.Stats() != before {
		t.Errorf("the page changed the counters to %v from %v", p.Stats(), before)
	}
}

// hostile are texts that callers put into names, values and hosts.
var hostile = []string{
	`<script>window.hacked=1</script>`, `"><img src=x onerror=window.hacked=1>`, `'-alert(1)-'`, `</textarea><svg onload=window.hacked=1>`, `</style></title><iframe src=//evil.example>`,
	`javascript:alert(1)`, `{{.Config}}`, "\u202egnissorc\u202c", "\u2066\u2067\u200f\u061c", "\x1b[31mred\x1b[0m\x07\x00\x9b", "\xff\xfe", "a\u0301\u0302", "<!--", "]]>", "&lt;script&gt;", "\u0600\u05d0",
}

// TestPageIsSafe: hostile text never becomes an element, an attribute or an unprintable character.
func TestPageIsSafe(t *testing.T) {
	p, _ := shop(t)
	losses := new(debugpage.Losses)
	observer := losses.Observer(nil)
	for _, evil := range hostile {
		observer.Lost(t.Context(), propagation.Loss{Destination: evil, Method: evil, Function: evil, File: evil, Line: 1})
		for _, name := range []string{"x-b3-traceid: ", "b3: ", "baggage: ", "x-unknown: ", "traceparent: ", "tracestate: "} {
			for _, accept := range []string{"", "application/json"} {
				pasted := name + evil + "\n" + evil + ": " + evil + "\nx-shop-" + evil + ": 1\nuberctx-" + evil + ": 1\n"
				w := ask(debugpage.New(p, losses), url.Values{"headers": {pasted}, "host": {evil}, "caller": {evil}}, accept)
				if w.Code != 200 {
					t.Fatalf("%q: status %d", evil, w.Code)
				}
				for _, r := range w.Body.String() {
					if r != '\n' && (r < ' ' || r > '~') {
						t.Fatalf("%q: the answer has the character %q", evil, r)
					}
				}
				if accept == "" {
					expectOwnElements(t, evil, w.Body)
				} else if !json.Valid(w.Body.Bytes()) || strings.ContainsAny(w.Body.String(), "<>&") {
					t.Fatalf("%q: the JSON is %s", evil, w.Body)
				}
			}
		}
	}
}

// expectOwnElements fails if a page has an element or an attribute that its template does not have.
func expectOwnElements(t *testing.T, evil string, page io.Reader) {
	t.Helper()
	const elements = " html head meta title style body header h1 nav a main section h2 h3 p dl dt dd ul li strong code small br table thead tbody tr th td details summary pre " +
		"form label textarea input select option button time "
	const attributes = " lang dir charset name content href id class data-label colspan role tabindex method autocomplete for rows spellcheck autocapitalize required type placeholder value selected datetime title "
	for z := html.NewTokenizer(page); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		token := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			if !strings.Contains(elements, " "+token.Data+" ") {
				t.Fatalf("%q made the element %v", evil, token)
			}
			for _, a := range token.Attr {
				if !strings.Contains(attributes, " "+a.Key+" ") || a.Key == "href" && a.Val[0] != '#' {
					t.Fatalf("%q made the attribute %v", evil, token)
				}
			}
		case html.CommentToken:
			t.Fatalf("%q made the comment %v", evil, token)
		}
	}
}

// TestPageIsBounded: a large form or many lines do not make a large answer.
func TestPageIsBounded(t *testing.T) {
	p, losses := shop(t)
	for name, row := range map[string]struct {
		headers, host string
		status, size  int
	}{
		"one line":     {"sw8: " + strings.Repeat("a", 1<<20), "reviews", 200, 64 << 10},
		"one name":     {strings.Repeat("n", 1<<20) + ": 1", "reviews", 200, 64 << 10},
		"a host":       {"b3: 0", strings.Repeat("h", 1<<20), 200, 64 << 10},
		"many lines":   {strings.Repeat("a: b\n", 200_000), "reviews", 200, 64 << 10},
		"many names":   {manyNames(100_000), "reviews", 200, 512 << 10},
		"control":      {"traceparent: " + strings.Repeat("\x00", 600_000), "reviews", 200, 64 << 10},
		"a huge form":  {strings.Repeat("a", 3<<20), "reviews", 413, 64 << 10},
		"hostile size": {strings.Repeat("\u202e: \u202e\n", 50_000), strings.Repeat("\u202e", 10_000), 200, 64 << 10},
	} {
		w := ask(debugpage.New(p, losses), url.Values{"headers": {row.headers}, "host": {row.host}}, "")
		if w.Code != row.status || w.Body.Len() > row.size {
			t.Errorf("%s: status %d, %d bytes", name, w.Code, w.Body.Len())
		}
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("x")
		b.WriteString(strings.Repeat("y", i%7))
		b.WriteString(string(rune('a' + i%26)))
		b.WriteString(string(rune('a' + i/26%26)))
		b.WriteString(": 1\n")
	}
	return b.String()
}

// TestPageMethods: only the page's own form is accepted.
func TestPageMethods(t *testing.T) {
	p, losses := shop(t)
	page := debugpage.New(p, losses)
	send := func(method, body string, headers ...string) int {
		r := httptest.NewRequest(method, "http://localhost:6060/debug/traceferry", strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		return w.Code
	}
	const form = "application/x-www-form-urlencoded"
	for name, row := range map[string]struct{ got, want int }{
		"head":            {send("HEAD", ""), 200},
		"put":             {send("PUT", ""), 405},
		"delete":          {send("DELETE", ""), 405},
		"own form":        {send("POST", "headers=b3%3a0", "Content-Type", form, "Sec-Fetch-Site", "same-origin"), 200},
		"a client":        {send("POST", "headers=b3%3a0", "Content-Type", form), 200},
		"another origin":  {send("POST", "headers=b3%3a0", "Content-Type", form, "Sec-Fetch-Site", "cross-site"), 403},
		"an old browser":  {send("POST", "headers=b3%3a0", "Content-Type", form, "Origin", "https://evil.example"), 403},
		"a broken form":   {send("POST", "headers=%zz", "Content-Type", form), 400},
		"no form":         {send("POST", `{"headers":"b3: 0"}`, "Content-Type", "application/json"), 200},
		"an invalid type": {send("POST", "x", "Content-Type", "\x00"), 400},
	} {
		if row.got != row.want {
			t.Errorf("%s: status %d, want %d", name, row.got, row.want)
		}
	}
}

// TestPageJSON: the same data, for programs.
func TestPageJSON(t *testing.T) {
	p, losses := shop(t)
	form := url.Values{"headers": {"traceparent: 00-" + trace + "-" + spanA + "-01\nbaggage: user=bob\nx-tenant: bob"}, "host": {"https://api.example.com/v1"}}
	w := ask(debugpage.New(p, losses), form, "application/json")
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("the Content-Type is %s, want application/json", got)
	}
	var got struct {
		Explanation struct {
			Host                string
			Internal            bool
			Remote              struct{ TraceID string }
			Carried, NotCarried []struct {
				Name, Received, Sent, Why string
				IsSent                    bool
			}
		}
		Losses []struct {
			Place string
			Count uint64
		}
		Counters map[string]map[string]uint64
		Config   struct {
			Formats, Emit []propagation.Format
			Headers       []string
			Limits        propagation.Limits
			Destinations  []propagation.Destination
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	x := got.Explanation
	switch {
	case x.Host != "https://api.example.com/v1" || x.Internal || x.Remote.TraceID != trace || len(x.Carried) != 2 || len(x.NotCarried) != 1:
		t.Errorf("the explanation is %+v", x)
	case !x.Carried[0].IsSent || x.Carried[1].IsSent || x.Carried[1].Received != "(size 8)" || x.NotCarried[0].Name != "x-tenant":
		t.Errorf("the headers are %+v", x)
	case len(got.Losses) != 1 || got.Losses[0].Place != "/src/shop/cart.go:41" || got.Counters["tracecontext"]["malformed"] != 1:
		t.Errorf("the losses are %+v, the counters %+v", got.Losses, got.Counters)
	case len(got.Config.Formats) != 10 || got.Config.Emit != nil || got.Config.Limits.Lines != 64 || got.Config.Destinations[0].Baggage[0] != "tenant":
		t.Errorf("the Config is %+v", got.Config)
	}
	for accept, want := range map[string]string{
		"": "text/html", "*/*": "text/html", "text/html,application/json": "text/html", "application/json;q=0": "text/html", "application/json, */*;q=0.1": "application/json",
	} {
		if got := ask(debugpage.New(p, nil), nil, accept).Header().Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q gets %s", accept, got)
		}
	}
}

// TestPageWithoutLosses: the page says that losses are not collected.
func TestPageWithoutLosses(t *testing.T) {
	const note = "Losses are not collected"
	p, losses := shop(t)
	unobserved := propagation.MustNew(propagation.Config{})
	for name, row := range map[string]struct {
		page http.Handler
		want bool
	}{
		"both": {debugpage.New(p, losses), false}, "no losses": {debugpage.New(p, nil), true}, "no observer": {debugpage.New(unobserved, losses), true},
		"the nil Propagator": {debugpage.New(nil, nil), true}, "the zero Propagator": {debugpage.New(new(propagation.Propagator), new(debugpage.Losses)), true},
	} {
		if w := ask(row.page, url.Values{"headers": {"b3: 0"}}, ""); w.Code != 200 || strings.Contains(w.Body.String(), note) != row.want {
			t.Errorf("%s: status %d, %s", name, w.Code, w.Body)
		}
	}
}
