//go:build browser

package debugpage_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// chromium is a headless Chromium that is driven through a pipe, by the Chrome DevTools Protocol
// (https://chromedevtools.github.io/devtools-protocol/).
type chromium struct {
	t       *testing.T
	in      io.Writer
	answers chan message
	id      int
	session string
	events  []message // received and not yet used
}

type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// browserPath finds the browser: $CHROMIUM, or one of the usual names on PATH.
func browserPath() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell"}
	if given := os.Getenv("CHROMIUM"); given != "" {
		names = []string{given}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser: %v are not on PATH. Install Chromium, or set CHROMIUM to its path", names)
}

func startChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := browserPath()
	if err != nil {
		t.Fatal(err)
	}
	commands, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{commands, answers} // file descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	commands.Close()
	answers.Close()
	c := &chromium{t: t, in: in, answers: make(chan message, 1000)}
	go c.read(out)
	t.Cleanup(func() {
		c.session = ""
		c.call("Browser.close", nil)
		in.Close()
		cmd.Wait()
		out.Close()
	})
	return c
}

func (c *chromium) read(out io.Reader) {
	defer close(c.answers)
	r := bufio.NewReader(out)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) == nil {
			c.answers <- m
		}
	}
}

// next returns the next message. It fails the test if none comes.
func (c *chromium) next() message {
	c.t.Helper()
	select {
	case m, ok := <-c.answers:
		if !ok {
			c.t.Fatal("the browser has ended")
		}
		return m
	case <-time.After(30 * time.Second):
		c.t.Fatal("the browser does not answer")
	}
	panic("unreachable")
}

// call calls a method of the protocol and returns its result.
func (c *chromium) call(method string, params any) json.RawMessage {
	c.t.Helper()
	c.id++
	text, err := json.Marshal(message{ID: c.id, SessionID: c.session, Method: method, Params: params})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, 0)); err != nil {
		c.t.Fatal(err)
	}
	for {
		switch m := c.next(); {
		case m.ID != c.id:
			c.events = append(c.events, m)
		case m.Error != nil:
			c.t.Fatalf("%s: %s", method, m.Error.Message)
		default:
			return m.Result
		}
	}
}

// wait waits for an event that was not used yet.
func (c *chromium) wait(method string) {
	c.t.Helper()
	for {
		for i, e := range c.events {
			if e.Method == method {
				c.events = c.events[i+1:]
				return
			}
		}
		c.events = append(c.events[:0], c.next())
	}
}

type object = map[string]any

// open opens a tab of a width, in light or dark mode. It returns a function that closes the tab.
func (c *chromium) open(width int, dark bool) (shut func()) {
	c.t.Helper()
	c.session = ""
	var target struct{ TargetID string }
	c.result(c.call("Target.createTarget", object{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	c.result(c.call("Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}), &attached)
	c.session = attached.SessionID
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	c.call("Page.enable", nil)
	c.call("Emulation.setDeviceMetricsOverride", object{"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500})
	c.call("Emulation.setEmulatedMedia", object{"features": []object{{"name": "prefers-color-scheme", "value": scheme}}})
	return func() { c.call("Target.closeTarget", object{"targetId": target.TargetID}) }
}

func (c *chromium) result(from json.RawMessage, into any) {
	c.t.Helper()
	if err := json.Unmarshal(from, into); err != nil {
		c.t.Fatalf("%v: %s", err, from)
	}
}

// load opens a page and waits until it is there.
func (c *chromium) load(url string) {
	c.t.Helper()
	c.call("Page.navigate", object{"url": url})
	c.wait("Page.loadEventFired")
}

// eval runs JavaScript in the tab, whatever the page's policy is, and decodes its value.
func (c *chromium) eval(script string, into any) {
	c.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	c.result(c.call("Runtime.evaluate", object{"expression": script, "returnByValue": true}), &got)
	if got.ExceptionDetails != nil {
		c.t.Fatalf("%s: %s", script, got.ExceptionDetails.Exception.Description)
	}
	if into != nil {
		c.result(got.Result.Value, into)
	}
}

// paste types text into the field that a selector finds, as the clipboard does. That is slow for a large text, which
// becomes the value of the field.
func (c *chromium) paste(selector, text string) {
	c.t.Helper()
	if len(text) > 1<<16 {
		c.eval("document.querySelector("+quoteJS(selector)+").value = "+quoteJS(text), nil)
		return
	}
	c.eval("document.querySelector("+quoteJS(selector)+").select()", nil)
	c.call("Input.insertText", object{"text": text})
}

// click clicks the middle of the element that a selector finds, and waits for the next page.
func (c *chromium) click(selector string) {
	c.t.Helper()
	var at struct{ X, Y float64 }
	c.eval(`(() => { const e = document.querySelector(`+quoteJS(selector)+`); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`, &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		c.call("Input.dispatchMouseEvent", object{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
	c.wait("Page.loadEventFired")
}

// screenshot returns a picture of the whole page, up to a maximum height in pixels.
func (c *chromium) screenshot(height int) []byte {
	c.t.Helper()
	var size struct{ W, H float64 }
	c.eval("({W: innerWidth, H: document.documentElement.scrollHeight})", &size)
	var got struct{ Data string }
	c.result(c.call("Page.captureScreenshot", object{
		"format": "png", "captureBeyondViewport": true, "clip": object{"x": 0, "y": 0, "width": size.W, "height": min(size.H, float64(height)), "scale": 1},
	}), &got)
	picture, err := base64.StdEncoding.DecodeString(got.Data)
	if err != nil {
		c.t.Fatal(err)
	}
	return picture
}

func quoteJS(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
