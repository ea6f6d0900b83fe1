package slogtrace

import "log/slog"

// inline is the number of attributes that a slog.Record holds without an allocation.
const inline = 5

// grouped returns a record with the open groups as one attribute, and attrs at the top level. It allocates once.
func (h *Handler) grouped(r slog.Record, attrs []slog.Attr) slog.Record {
	all := make([]slog.Attr, 0, h.size+r.NumAttrs()+1+len(attrs))
	var open slog.Attr
	for i := len(h.groups) - 1; i >= 0; i-- {
		start := len(all)
		all = append(all, h.groups[i].attrs...)
		if i == len(h.groups)-1 {
			r.Attrs(func(a slog.Attr) bool {
				all = append(all, a)
				return true
			})
		} else if !emptyGroup(open) {
			all = append(all, open)
		}
		open = slog.Attr{Key: h.groups[i].name, Value: slog.GroupValue(all[start:len(all):len(all)]...)}
	}
	top := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	if len(attrs) < inline {
		top.AddAttrs(open) // no-op for an empty group
		top.AddAttrs(attrs...)
		return top
	}
	start := len(all)
	if !emptyGroup(open) {
		all = append(all, open)
	}
	all = append(all, attrs...)
	top.AddAttrs(slog.Attr{Value: slog.GroupValue(all[start:]...)}) // a group without a name is inlined
	return top
}

// emptyGroup reports whether handlers ignore the attribute because it is a group without attributes.
func emptyGroup(a slog.Attr) bool {
	return a.Value.Kind() == slog.KindGroup && len(a.Value.Group()) == 0
}
