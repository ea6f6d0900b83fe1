// Package decide combines functions that decide how far the caller of a request is trusted. R is the request of some
// server, T is propagation.Trust, and D is the server's type of these functions.
package decide

import "github.com/traceferry/traceferry/internal/policy"

// Any trusts a caller in each part that at least one of the deciders trusts. Without deciders it trusts nobody.
func Any[R any, T ~uint8, D ~func(R) T](deciders []D) D {
	return func(r R) T {
		trust := T(policy.Ignore)
		for _, decide := range deciders {
			trust &= decide(r)
		}
		return trust
	}
}

// All trusts a caller in each part that all of the deciders trust. Without deciders it trusts everybody.
func All[R any, T ~uint8, D ~func(R) T](deciders []D) D {
	return func(r R) T {
		trust := T(policy.Continue)
		for _, decide := range deciders {
			trust |= decide(r)
		}
		return trust
	}
}

// If trusts the callers for which known returns true, and restarts all others.
func If[D ~func(R) T, R any, T ~uint8](known func(R) bool) D {
	return func(r R) T {
		if known(r) {
			return T(policy.Continue)
		}
		return T(policy.Restart)
	}
}

// Must panics for a nil function, at setup and not during a request. pkg is the package that the user has called.
func Must[R any, T ~uint8, D ~func(R) T](pkg string, deciders []D) {
	for _, d := range deciders {
		if d == nil {
			panic(pkg + ": a nil Decider")
		}
	}
}
