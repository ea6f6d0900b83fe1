package propagationtest

import (
	"slices"

	"github.com/traceferry/traceferry/internal/compare"
)

// report collects failures, equal ones once.
type report struct{ failures Failures }

func (r *report) add(x *exchange, f Failure) {
	i := slices.IndexFunc(r.failures, func(o Failure) bool {
		return o.Kind == f.Kind && o.Callee == f.Callee && o.Header == f.Header && (f.Callee != "" || o.Detail == f.Detail)
	})
	if i < 0 {
		if f.Rule == "" {
			f.Rule = compare.Rule(f.Header)
		}
		r.failures, i = append(r.failures, f), len(r.failures)
	}
	first := &r.failures[i]
	first.Times++
	if f.Hint == "" {
		first.Hint = ""
	}
	if x == nil {
		return
	}
	if !slices.Contains(first.Cases, x.kase.Name) {
		first.Cases = append(first.Cases, x.kase.Name)
	}
	if f.Kind == Lost || f.Kind == LostAll {
		for _, l := range x.losses {
			if !slices.Contains(first.Losses, l) {
				first.Losses = append(first.Losses, l)
			}
		}
	}
}

// adviseGuard adds a hint to failures about lost headers for which the service's Propagator has reported no loss.
func (r *report) adviseGuard() {
	for i := range r.failures {
		if f := &r.failures[i]; (f.Kind == Lost || f.Kind == LostAll) && f.Losses == nil && f.Hint == "" {
			f.Hint = "No call of the service's Propagator lost the headers. To see the line of a client that does not use traceferry, use httptrace.Guard and grpcguard.Enable."
		}
	}
}

// err returns the failures as an error, nil if there are none. Where calls to a callee carried nothing, single lost headers are no news.
func (r *report) err() error {
	bare := map[string]bool{}
	for _, f := range r.failures {
		bare[f.Callee] = bare[f.Callee] || f.Kind == LostAll
	}
	r.failures = slices.DeleteFunc(r.failures, func(f Failure) bool { return bare[f.Callee] && f.Kind == Lost && f.Got == nil })
	if len(r.failures) == 0 {
		return nil
	}
	return r.failures
}
