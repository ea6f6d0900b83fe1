package httptrace

import (
	"mime/multipart"
	"net/http"
	"runtime"

	"github.com/traceferry/traceferry/internal/callsite"
)

// giveBack copies the fields that the handler has set from the copy of a request to the original. It does not if the
// code outside may have stopped waiting for the handler. had is the multipart form that the original had before.
//
// A timeout outside of Middleware runs the handler on a goroutine of its own, and may return before the handler does.
// Then net/http reads the original's MultipartForm. Only code that waits for the handler orders that read after a
// write. So giveBack copies the form only on the server's own goroutine, where all code outside waits for the handler.
// On other goroutines it removes the form's temporary files, because no other code does.
//
// net/http does not read the other fields. giveBack writes them on any goroutine until the request's context ends.
// net/http ends it after the handler. http.TimeoutHandler and similar wrappers end it when they give up. giveBack
// cannot detect a timeout that passes the server's own request to another goroutine, gives up without ending the
// context, and then reads these fields. Such a timeout must pass a copy, as http.TimeoutHandler does. So must a timeout
// inside of Middleware, because a handler may not use its request after it has returned (http.Handler).
func giveBack(r, inner *http.Request, had *multipart.Form) {
	over := r.Context().Err() != nil
	form := inner.MultipartForm
	parsed := form != had
	waits := (over || parsed) && ownerWaits(r)
	if waits || !over {
		r.Pattern = inner.Pattern
		r.Form, r.PostForm = inner.Form, inner.PostForm
	}
	switch {
	case !parsed:
	case waits:
		r.MultipartForm = form
	case form != nil:
		form.RemoveAll()
	}
}

// ownerWaits reports whether all code outside waits for the handler. It is true if the handler runs on the goroutine on
// which a server of net/http serves the request. A request without such a server, as in tests, has an owner until its
// context ends. ownerWaits walks the stack, which takes about a microsecond, so it is only called for rare requests.
func ownerWaits(r *http.Request) bool {
	var pcs [256]uintptr // of a panic from deeper down the server's function is not seen
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for {
		frame, more := frames.Next()
		if callsite.ServesHTTP(frame.Function) {
			return true
		}
		if !more {
			break
		}
	}
	_, served := r.Context().Value(http.ServerContextKey).(*http.Server)
	return !served && r.Context().Err() == nil
}
