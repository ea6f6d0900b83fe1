package debugpage

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// New returns a handler for a page about p. losses has the losses to show; with nil the page shows no losses. The handler
// answers GET and HEAD, and POST of its own form, under any path. It keeps nothing of a request, and is safe for
// concurrent use. It does not authenticate anybody: see the package documentation for where to mount it.
func New(p *propagation.Propagator, losses *Losses) http.Handler {
	return http.NewCrossOriginProtection().Handler(&page{p, losses})
}

type page struct {
	p      *propagation.Propagator
	losses *Losses
}

// maxBody is the size of the largest form that is read. A form encodes some characters as three bytes.
const maxBody = 2 << 20

func (g *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := view{Losses: g.sites(), Forgotten: g.losses.Forgotten(), Counters: g.p.Stats(), Config: configOf(g.p)}
	v.Note = g.note()
	status := http.StatusOK
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			status, v.Problem = http.StatusBadRequest, "The form cannot be read."
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				status, v.Problem = http.StatusRequestEntityTooLarge, fmt.Sprintf("The form is larger than %d MiB.", maxBody>>20)
			}
			break
		}
		v.Explanation = explain(g.p, r.PostForm.Get("headers"), strings.TrimSpace(r.PostForm.Get("host")), r.PostForm.Get("caller") != "untrusted")
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	v.write(w, status, wantsJSON(r.Header))
}

// view is all that the page shows. It is also the JSON.
type view struct {
	Problem     string       `json:",omitempty"`
	Explanation *explanation `json:",omitempty"`
	Losses      []site
	Note        string `json:",omitempty"` // why losses are not collected
	Forgotten   uint64 `json:",omitempty"` // call sites that were forgotten
	Counters    propagation.Stats
	Config      config
}

// site is a Site for the page.
type site struct {
	Reason, Advice      string
	Place, Function     string
	Destination, Method string
	Count               uint64
	FirstTime, LastTime string
	ago                 time.Duration
}

// Ago says how long ago the last loss was.
func (s site) Ago() string { return s.ago.String() + " ago" }

func (g *page) sites() []site {
	made := []site{}
	for _, s := range g.losses.Sites() {
		place := "unknown"
		if s.Loss.File != "" {
			place = safe(fmt.Sprintf("%s:%d", s.Loss.File, s.Loss.Line))
		}
		made = append(made, site{
			Reason: s.Loss.Reason.String(), Advice: advice[s.Loss.Reason], Place: place, Function: safe(s.Loss.Function),
			Destination: safe(s.Loss.Destination), Method: safe(s.Loss.Method), Count: s.Count,
			FirstTime: s.First.UTC().Format(time.RFC3339), LastTime: s.Last.UTC().Format(time.RFC3339), ago: time.Since(s.Last).Round(time.Second),
		})
	}
	return made
}

// note says why losses are not collected. It returns "" if they are.
func (g *page) note() string {
	if o := g.p.Config().Observer; g.losses == nil || o == nil || o.Lost == nil {
		return "Losses are not collected. Declare var losses debugpage.Losses, set Config.Observer to losses.Observer(nil), and pass &losses to debugpage.New."
	}
	return ""
}

// wantsJSON reports whether a client asks for JSON and not for HTML. Browsers always ask for HTML.
func wantsJSON(h http.Header) bool {
	json := false
	for _, line := range h["Accept"] {
		for part := range strings.SplitSeq(line, ",") {
			switch kind, params, _ := mime.ParseMediaType(part); {
			case kind == "text/html":
				return false
			case kind == "application/json" && params["q"] != "0":
				json = true
			}
		}
	}
	return json
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var tmpl = template.Must(template.New("page").Funcs(template.FuncMap{
	"css":  func() template.CSS { return template.CSS(pageCSS) },
	"help": func(o propagation.Outcome) string { return help[o] },
}).Parse(pageHTML))

// policy allows the page its own style sheet and its own form, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

func (v *view) write(w http.ResponseWriter, status int, asJSON bool) {
	var b bytes.Buffer
	h, kind := w.Header(), "text/html; charset=utf-8"
	var err error
	if asJSON {
		kind = "application/json"
		e := json.NewEncoder(&b)
		e.SetIndent("", "  ")
		err = e.Encode(v)
	} else {
		err = tmpl.Execute(&b, v)
	}
	if err != nil { // a mistake of this package
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	for name, value := range map[string]string{
		"Content-Type": kind, "Vary": "Accept", "Cache-Control": "no-store", "Content-Security-Policy": policy, "X-Frame-Options": "DENY",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		h.Set(name, value)
	}
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

func list(all []string) string { return strings.Join(all, ", ") }
