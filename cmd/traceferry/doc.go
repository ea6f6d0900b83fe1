// Traceferry shows where trace headers get lost.
//
//	go install github.com/traceferry/traceferry/cmd/traceferry@latest
//
//	traceferry decode     read headers: ids, decisions, times, disagreements
//	traceferry explain    which headers a Config sends to a host, and why
//	traceferry doctor     which header formats a running service carries to its next hop
//	traceferry echo       a next hop: answers every call and shows its headers
//
// For example:
//
//	traceferry decode 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//	kubectl logs deploy/reviews -c istio-proxy | traceferry decode
//	traceferry explain -preset istio -host api.example.com 'baggage: user=7'
//
// The command "traceferry help COMMAND" shows the flags. The exit status is 0 if all is well, and 1 if something is wrong
// with headers. It is 2 for wrong arguments, an input that cannot be read, or a server that cannot be reached. Errors go
// to the standard error. All output is printable ASCII: other characters of a header are escaped.
//
// # Inputs
//
// decode and explain read headers from their arguments, from the standard input or from a file. They recognise the kind
// of input; "traceferry help decode" lists the kinds. They read a log request by request, so it may have any size. Lines
// of more than 1 MiB are skipped, and a note on the standard error says so. Strings in a HAR file are cut after 64 KiB.
//
// # JSON
//
// With -json each command writes JSON objects, one a line, in ASCII. Bytes that are not UTF-8 become U+FFFD. Later
// versions may add members. They do not rename members or change the meaning of one. A member that is marked with "?" is
// absent if it is empty.
//
// decode writes an object for each request that has trace headers:
//
//	where?          "line 12", "request 1: GET /", "entry 3: GET https://example.com/"
//	winner?         the format that a service with all formats follows
//	ok              whether the formats agree, and all headers can be read
//	disagreements?  [{format, with, in}]: in is "trace", "span" or "decision"
//	formats         [{
//	  format        the name, as in OTEL_PROPAGATORS
//	  headers       [{name, value}]
//	  trace_id?     32 hexadecimal digits
//	  span_id?      16 hexadecimal digits
//	  parent_id?    16 hexadecimal digits
//	  sampling?     "deferred", "denied", "accepted" or "debug"
//	  random?       whether W3C's random flag is set
//	  tracestate?   the list, if it is valid
//	  made?         the time in an id of X-Ray or Datadog
//	  request_id?   of x-request-id, if it is safe in logs
//	  trace_reason? of Envoy: "not traced", "sampled", "forced by service" or "forced by client"
//	  baggage?      [{key, value}]
//	  problems?     the outcomes of package propagation ("malformed", "duplicate", "too large", "stale", ...),
//	                "invalid tracestate" or "invalid baggage"
//	}]
//
// explain writes an object for each request and host:
//
//	where?          as above
//	host            as given
//	internal        whether the host is internal
//	rule?           the pattern of the destination rule that applies
//	winner?, trace_id?, span_id?, sampling?   the remote span context
//	received        [{format, says}]: why a format gives the remote span context, or why it does not
//	headers         [{name, format, received?, sent?, goes, fate}]: goes says whether anything is sent
//	not_carried     [{name, reason}]
//
// doctor writes one object:
//
//	url, status     the service, and the status of its first response
//	requests        how many were sent
//	calls           [{call, times}]: "GET /details"
//	formats         [{format, wanted, result, ok}]: result is "carried", "continued",
//	                "not carried", "partly lost", "unknown", or a list of the kinds of its
//	                findings
//	findings        [{kind, format?, header?, request?, calls?, times, sent?, arrived?,
//	                detail?, rule?}]: kind is "lost", "lost all", "changed", "duplicated",
//	                "invented", "sent empty", "mixed up", "restarted" or "inconsistent"
//	notes           sentences
//	ok              whether nothing is wrong
//
// echo writes an object for each call, and its calls are an array of such objects at /.well-known/traceferry/calls:
//
//	seq, time, method, uri, proto, grpc
//	headers         [{name, value}]: the trace headers, and those of -keep
package main
