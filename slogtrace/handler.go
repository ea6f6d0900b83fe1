package slogtrace

import (
	"context"
	"errors"
	"log/slog"
	"slices"
)

// Handler is a slog.Handler that adds attributes from the context of each record, and passes the record to another
// handler. Make one with [New] or [MustNew]. It is safe for concurrent use if the other handler is.
//
// It adds at most one allocation to those of the other handler. A slog.Record has room for five attributes. If all
// attributes fit, the Handler allocates nothing. Some records cost more:
//
//   - one of about twenty, because the text of the ids needs memory
//   - the first record of a request, if nothing else has parsed its headers before
//   - a record with a baggage member that has properties
//
// After WithGroup, the other handler gets the group with its attributes as one attribute of the record. The output is the
// same as with the other handler's WithGroup. But a value that is passed to With after WithGroup is formatted again for
// each record, so it must not change later. A record to which nothing is added goes through the other handler's own
// WithGroup.
type Handler struct {
	source *source
	next   slog.Handler // has all attributes and groups
	named  set          // the names that the application's attributes have at the top level

	// With open groups:
	root   slog.Handler // has the attributes before the first group
	groups []group      // the outermost first
	size   int          // number of attributes in groups, and of groups in groups
}

// group is an open group with the attributes that With gave it.
type group struct {
	name  string
	attrs []slog.Attr
}

// New returns a Handler that passes records to next. By default it adds the fields of [Plain]. It returns an error if
// next is nil, or if an option is wrong; see [Fields] and [WithBaggage]. The error joins all mistakes.
//
// Do not wrap slog.Default().Handler() and give the result to slog.SetDefault. That handler writes to package log, and
// SetDefault makes package log write to the new default, so the first record blocks forever.
func New(next slog.Handler, opts ...Option) (*Handler, error) {
	o := options{fields: Plain()}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	s, err := o.compile()
	if next == nil {
		err = errors.Join(errors.New("slogtrace: New: next is nil"), err)
	}
	if err != nil {
		return nil, err
	}
	return &Handler{source: s, next: next}, nil
}

// MustNew is [New] for options that are constants of the program. It panics if New returns an error.
func MustNew(next slog.Handler, opts ...Option) *Handler {
	h, err := New(next, opts...)
	if err != nil {
		panic(err)
	}
	return h
}

// Enabled reports whether the other handler is enabled.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle adds the attributes and calls the other handler. It returns the other handler's error.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	omit := h.named
	if len(h.groups) == 0 {
		r.Attrs(func(a slog.Attr) bool {
			omit |= h.source.named(a)
			return true
		})
	}
	var array [maxAttrs]slog.Attr
	attrs := h.source.add(ctx, array[:0], omit)
	switch {
	case len(attrs) == 0:
		return h.next.Handle(ctx, r)
	case len(h.groups) > 0:
		return h.root.Handle(ctx, h.grouped(r, attrs))
	}
	r = r.Clone() // other handlers may have the same record
	r.AddAttrs(attrs...)
	return h.next.Handle(ctx, r)
}

// WithAttrs returns a Handler whose records have these attributes, in the open group if there is one.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := *h
	if n := len(h.groups); n > 0 {
		with.groups = slices.Clone(h.groups)
		with.groups[n-1].attrs = slices.Concat(h.groups[n-1].attrs, attrs) // a copy, because next owns attrs
		with.size += len(attrs)
	} else {
		for _, a := range attrs {
			with.named |= h.source.named(a)
		}
	}
	with.next = h.next.WithAttrs(attrs)
	return &with
}

// WithGroup returns a Handler that puts later attributes into a group. The attributes that it adds from the context
// stay at the top level.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	if len(h.groups) == 0 {
		with.root = h.next
		with.named |= h.source.named(slog.Attr{Key: name})
	} else {
		with.size++
	}
	with.groups = append(slices.Clip(h.groups), group{name: name})
	with.next = h.next.WithGroup(name)
	return &with
}
