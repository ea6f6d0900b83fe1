//go:build browser

// The tests in this file look at the page in a real browser. They need Chromium, on PATH or in CHROMIUM, and fail without
// it:
//
//	go test -tags browser -run Browser ./debugpage

package debugpage_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/debugpage"
	"github.com/traceferry/traceferry/propagation"
)

var (
	update   = flag.Bool("update", false, "write docs/debugpage.png anew")
	pictures = flag.String("pictures", "", "folder for a picture of each view")
)

// spy records, in every document, the effects of a hostile header: a script that runs, or a resource that the browser
// loads.
const spy = `
window.noted = [];
document.addEventListener("securitypolicyviolation", e => noted.push("policy: " + e.violatedDirective + " " + e.blockedURI));
for (const name of ["alert", "confirm", "prompt", "open", "fetch"]) window[name] = () => noted.push(name);
`

// layout returns the faults of the page's layout that make it hard to read.
const layout = `(() => {
  const wrong = [], width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) wrong.push("the page scrolls sideways: " + document.documentElement.scrollWidth + " > " + width);
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = rgb => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const parse = s => s.match(/[\d.]+/g).map(Number);
  const back = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length == 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (!box.width || e.closest("thead") && style.position == "absolute") continue;
    if (!e.closest("pre") && (box.right > width + 1 || box.left < -1)) wrong.push("beyond the edge: " + e.tagName + " " + e.textContent.slice(0, 40));
    if (style.direction != "ltr") wrong.push("from right to left: " + e.tagName);
    if ([...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) {
      const a = light(parse(style.color)), b = light(back(e)), contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) wrong.push("contrast " + contrast.toFixed(1) + ": " + e.tagName + "." + e.className + " " + e.textContent.slice(0, 40));
      if (parseFloat(style.fontSize) < 12) wrong.push("small: " + style.fontSize);
    }
  }
  for (const e of document.querySelectorAll("textarea, input, select, button")) if (e.getBoundingClientRect().height < 32) wrong.push("hard to touch: " + e.tagName);
  const odd = document.body.innerText.match(/[^\n\t\x20-\x7e\u2013]/g);
  if (odd) wrong.push("characters: " + JSON.stringify(odd));
  return wrong;
})()`

// dangers returns the elements and attributes that hostile headers have added to the page.
const dangers = `(() => {
  const bad = [...noted];
  if (window.hacked || document.title != "traceferry") bad.push("a script has run");
  for (const e of document.querySelectorAll("script, img, svg, iframe, object, embed, link, base, form[action], [style], [src]")) bad.push("element " + e.outerHTML.slice(0, 80));
  for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (a.name.startsWith("on")) bad.push("attribute " + a.name);
  if (performance.getEntriesByType("resource").length) bad.push("something was loaded");
  return bad;
})()`

// served is the debug page on a real server, with another page that puts it into a frame.
func served(t *testing.T, losses *debugpage.Losses, p *propagation.Propagator) string {
	mux := http.NewServeMux()
	mux.Handle("/debug/traceferry", debugpage.New(p, losses))
	mux.HandleFunc("/frame", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<iframe src="/debug/traceferry"></iframe>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestBrowserControl: if hostile text is not escaped, the checks of these tests find the scripts and elements in it.
func TestBrowserControl(t *testing.T) {
	c := startChromium(t)
	p, losses := shop(t)
	policy := ask(debugpage.New(p, losses), nil, "").Header().Get("Content-Security-Policy")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/policy" {
			w.Header().Set("Content-Security-Policy", policy)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>traceferry</title><body>%s %s %s", hostile[0], hostile[1], hostile[7])
	}))
	defer server.Close()
	for path, want := range map[string][]string{
		"/":       {"a script has run", "element <script>", "attribute onerror"},
		"/policy": {"policy: script-src-elem inline", "policy: img-src", "element <script>"},
	} {
		shut := c.open(390, false)
		c.call("Page.addScriptToEvaluateOnNewDocument", object{"source": spy})
		c.load(server.URL + path)
		var bad, wrong []string
		c.eval(dangers, &bad)
		c.eval(layout, &wrong)
		got := strings.Join(append(bad, wrong...), "\n")
		for _, w := range append(want, "characters: ") {
			if !strings.Contains(got, w) {
				t.Errorf("%s: the checks did not find %q, only\n%s", path, w, got)
			}
		}
		if path == "/policy" && strings.Contains(got, "has run") {
			t.Errorf("a script ran, want the policy to stop it:\n%s", got)
		}
		shut()
	}
}

// hostileText is a request in which every name and value is hostile.
func hostileText() string {
	var b strings.Builder
	for _, evil := range hostile {
		for _, name := range []string{"traceparent", "tracestate", "b3", "x-b3-traceid", "sw8", "x-request-id", "baggage", "end-user", "x-unknown", evil, "x-shop-" + evil} {
			b.WriteString(name + ": " + evil + "\n")
		}
	}
	return b.String()
}

// TestBrowser: whatever headers a caller sent, no script runs. A phone and a desktop show a readable page, in light and
// in dark mode.
func TestBrowser(t *testing.T) {
	c := startChromium(t)
	p, losses := shop(t)
	for i, evil := range hostile {
		losses.Observer(nil).Lost(t.Context(), propagation.Loss{Reason: propagation.LossReason(i % 5), Destination: evil, Method: evil, Function: evil, File: strings.Repeat("/long", 20) + evil, Line: i})
	}
	base := served(t, losses, p)
	for name, row := range map[string]struct{ headers, host, want string }{
		"ordinary":  {"traceparent: 00-" + trace + "-" + spanA + "-01\nbaggage: tenant=7,user=bob\naccept: */*", "api.partner.example", "the rule for *.partner.example applies"},
		"hostile":   {hostileText(), hostile[1], "What goes to"},
		"megabyte":  {"sw8: " + strings.Repeat("a", 1<<20), "reviews", "(size 1048576)"},
		"long name": {strings.Repeat("n", 1<<20) + ": 1", strings.Repeat("h", 5000), "(size 1048576)"},
		"overrides": {strings.Repeat("\u202e\u2066\u05d0: \u202e\u2067\u0600\n", 300), "\u202emoc.elgoog", "u202e"},
		"too large": {strings.Repeat("a", 3<<20), "reviews", "The form is larger than 2 MiB."},
	} {
		for _, width := range []int{390, 1280} {
			for _, dark := range []bool{false, true} {
				view := fmt.Sprintf("%s-%d-%s", name, width, map[bool]string{false: "light", true: "dark"}[dark])
				t.Run(view, func(t *testing.T) {
					c.t = t
					defer c.open(width, dark)()
					c.call("Page.addScriptToEvaluateOnNewDocument", object{"source": spy})
					c.load(base + "/debug/traceferry")
					c.check(dark)
					c.paste("#headers", row.headers)
					c.paste("#host", row.host)
					c.click("button")
					c.check(dark)
					var text string
					c.eval("document.body.innerText", &text)
					if !strings.Contains(text, row.want) {
						t.Errorf("the page does not have %q:\n%.2000s", row.want, text)
					}
					if strings.Contains(text, "bob") {
						t.Error("the page shows a baggage value, want none")
					}
					if *pictures != "" {
						if err := os.WriteFile(filepath.Join(*pictures, view+".png"), c.screenshot(1800), 0o600); err != nil {
							t.Fatal(err)
						}
					}
				})
			}
		}
	}
	c.t = t
}

// check fails if the page is hard to read, or dangerous.
func (c *chromium) check(dark bool) {
	c.t.Helper()
	var wrong, bad []string
	c.eval(layout, &wrong)
	if len(wrong) > 0 {
		c.t.Errorf("the layout: %q", wrong)
	}
	c.eval(dangers, &bad)
	if len(bad) > 0 {
		c.t.Errorf("hostile headers: %q", bad)
	}
	var brightness float64
	c.eval(`getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3`, &brightness)
	if dark != (brightness < 64) {
		c.t.Errorf("dark mode is %v, and the background has the brightness %v", dark, brightness)
	}
}

// TestBrowserFrame: no page can show the debug page in a frame.
func TestBrowserFrame(t *testing.T) {
	c := startChromium(t)
	p, losses := shop(t)
	base := served(t, losses, p)
	defer c.open(1280, false)()
	c.load(base + "/frame")
	var tree struct {
		FrameTree struct {
			ChildFrames []struct {
				Frame struct{ URL, UnreachableURL string }
			}
		}
	}
	c.result(c.call("Page.getFrameTree", nil), &tree)
	if f := tree.FrameTree.ChildFrames; len(f) != 1 || !strings.HasPrefix(f[0].Frame.URL, "chrome-error:") {
		t.Errorf("the frame is %+v", tree)
	}
}

// TestBrowserPicture: the picture in the documentation exists and is small. -update makes a new one.
func TestBrowserPicture(t *testing.T) {
	const path = "../docs/debugpage.png"
	c := startChromium(t)
	if *update {
		p, losses := shop(t)
		observer := losses.Observer(nil)
		for range 17 {
			observer.Lost(t.Context(), propagation.Loss{Reason: propagation.LostContext, Destination: "ratings:9080", Method: "GET", Function: "shop/cart.(*Server).refresh", File: "/src/shop/cart/refresh.go", Line: 88})
		}
		defer c.open(900, false)()
		c.load(served(t, losses, p) + "/debug/traceferry")
		c.paste("#headers", "traceparent: 00-"+trace+"-"+spanA+"-01\nb3: "+trace+"-1111111111111111-1\nbaggage: tenant=7,user=bob\nend-user: bob\nx-tenant: acme\nauthorization: Bearer c2VjcmV0\naccept: */*")
		c.paste("#host", "api.partner.example")
		c.click("button")
		var end int
		c.eval(`document.querySelector("#explain").offsetTop`, &end)
		if err := os.WriteFile(path, c.screenshot(end), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 200_000 {
		t.Errorf("the picture: %v, %v", info, err)
	}
}
