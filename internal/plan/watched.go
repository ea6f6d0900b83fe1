package plan

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// watched marks the context of a call that one client has examined, so that the clients inside do not report it again.
type watched struct {
	by       *Engine
	wrote    map[string][]string // with ContextWrote: the metadata that by has written
	injected atomic.Bool         // an inner client has injected with the same Engine
}

// ContextWatched returns a context for the clients inside of the one that examines a call.
func (p *Engine) ContextWatched(ctx context.Context) context.Context {
	return p.ContextWrote(ctx, nil)
}

// ContextWrote is ContextWatched with the metadata that this Engine has written, for WatchSentMetadata.
func (p *Engine) ContextWrote(ctx context.Context, md map[string][]string) context.Context {
	return context.WithValue(capture.OrBackground(ctx), capture.WatchedKey{}, &watched{by: p, wrote: md})
}

// Watched reports whether an outer client examines the call.
func Watched(ctx context.Context) bool { return watchedIn(ctx) != nil }

func watchedIn(ctx context.Context) *watched {
	w, _ := capture.OrBackground(ctx).Value(capture.WatchedKey{}).(*watched)
	return w
}

// noteInject records that an inner client injects with this Engine.
func (p *Engine) noteInject(ctx context.Context) {
	if p.lost == nil {
		return
	}
	if w := watchedIn(ctx); w != nil && w.by == p {
		w.injected.Store(true)
	}
}

// WatchSent examines the headers with which a request has left, after clients inside have handled it. r is the request
// that the Engine has injected into, with the context of ContextWatched. WatchSent reports a loss if another propagator
// has changed headers that name spans.
func (p *Engine) WatchSent(r *http.Request, sent http.Header) {
	if w := watchedIn(r.Context()); w != nil && !w.injected.Load() && p.overwritten(r.Header, sent, p.in.SentHTTP) {
		p.report(r.Context(), LostOrder, destinationOf(r), methodOf(r))
	}
}

// WatchSentMetadata is WatchSent for the metadata with which a call has left. ctx has the metadata of ContextWrote.
func (p *Engine) WatchSentMetadata(ctx context.Context, to Callee, method string, sent map[string][]string) {
	if w := watchedIn(ctx); w != nil && w.by == p && !w.injected.Load() && p.overwritten(w.wrote, sent, p.sentMetadata) {
		p.report(ctx, LostOrder, to, method)
	}
}

// overwritten reports whether h names a span, and the headers that left name another one.
func (p *Engine) overwritten(h, sent map[string][]string, x *wire.Index) bool {
	named, changed := false, false
	for i := range x.Names {
		if n := &x.Names[i]; n.ID < wire.FirstHeader && p.owns.Has(n.ID) {
			named = named || len(h[n.Key]) > 0
			changed = changed || !slices.Equal(h[n.Key], sent[n.Key])
		}
	}
	return named && changed
}
