package answer

import (
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// RefuseName returns why a response header of the application's choice must not hold a trace id. It returns "" if it
// may. The name may be in any case.
func RefuseName(name string) string {
	lower := strings.ToLower(name)
	owner, owned := wire.FormatOwning(lower)
	switch {
	case !policy.ValidToken(name):
		return "is not a header name (RFC 9110, section 5.1)"
	case lower == "traceresponse":
		return "has a value of another form: use WithTraceResponse"
	case lower == "server-timing":
		return "has a value of another form: use WithServerTiming"
	case lower == "x-b3-traceid":
		return "" // its value is a trace id alone
	case owned:
		return "belongs to the format " + owner.String() + ", whose readers expect another value"
	case !policy.Harmless(lower):
		return "means something else to browsers, proxies or servers"
	}
	return ""
}
