package compare

import (
	"fmt"
	"net/http"
	"testing"
)

func TestOwnersForgetTheOldest(t *testing.T) {
	var o Owners
	line := func(i int) string { return fmt.Sprintf("a value of request %d", i) }
	own := func(i int) { o.Own(i, http.Header{"A": {line(i)}}) }
	const last = 2*remember - 1 // the oldest line is still in the older half
	for i := range last {
		own(i)
	}
	if !o.Foreign(last, line(0)) || !o.Foreign(last, line(last-1)) {
		t.Error("a value of an earlier request is not foreign, want it remembered")
	}
	if o.Foreign(0, line(0)) {
		t.Error("a request's own value is foreign, want it not foreign")
	}
	for i := last; i < last+remember; i++ {
		own(i)
	}
	if got := len(o.recent) + len(o.older); got > 2*remember {
		t.Errorf("%d lines are remembered, want at most twice remember", got)
	}
}

func TestALineOfTwoRequestsIsNobodys(t *testing.T) {
	var o Owners
	for i := range 2 {
		o.Own(i, http.Header{"A": {"what everybody has"}})
	}
	if o.Foreign(3, "what everybody has") {
		t.Error("a value that two callers sent is foreign, want it not foreign")
	}
}
