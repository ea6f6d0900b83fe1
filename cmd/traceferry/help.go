package main

// Each help fits a screen of 80 by 24 characters.

const mainHelp = `traceferry shows where trace headers get lost.

  traceferry decode     read headers: ids, decisions, clocks, disagreements
  traceferry explain    what a Config sends to a host, and why not more
  traceferry doctor     send requests through a running service, and say which
                        header families its next hop receives
  traceferry echo       a next hop: answers every call and shows its headers

  traceferry help COMMAND shows the flags of a command.

Examples
  traceferry decode 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
  curl -v http://localhost:8080/ 2>&1 | traceferry decode
  kubectl logs deploy/reviews -c istio-proxy | traceferry decode
  traceferry explain -preset istio -host api.example.com 'baggage: user=7'
  traceferry echo -listen :9000 &
  traceferry doctor http://localhost:8080/

With -json every command writes JSON; its shape is in the package documentation.
The exit status is 0 if all is well, 1 if something is wrong with headers, and 2
if the arguments, the input or a server are wrong. NO_COLOR turns colours off.
`

const decodeHelp = `traceferry decode [-f FILE] [-json] [-v] [HEADER...]

Decodes trace headers of all formats, and compares their ids. A HEADER is
"Name: value". A bare value is enough if only one header can have it. Without a
HEADER, the standard input is read. It may be:

  - headers, one a line, with an empty line between requests
  - the output of curl -v (2>&1)
  - an access log with a JSON object a line, as Envoy and Istio write it: fields
    that name headers, as x_request_id or http.request.header.traceparent. Text
    before the object is ignored. Istio's request_id is x-request-id.
  - a HAR file, or any other JSON with names and values of headers

Of a log, requests without problems get one line. Values are escaped, so that
they cannot change your terminal.

  -f FILE   read a file, "-" is the standard input
  -json     write a JSON object for each request with trace headers, one a line
  -v        show requests of a log in full

The exit status is 1 if formats disagree or a header cannot be read.
`

const explainHelp = `traceferry explain -host HOST [-preset NAME] [-config FILE] [HEADER...]

Says what a service with a propagation.Config sends to a host if it received
these headers: what is carried, which format wins, what is not sent and why.
Headers are read as by traceferry decode, also with -f FILE.

  -host HOST    where the call goes, "reviews:9080" or a URL; may be repeated
  -preset NAME  start with a preset: ambassador, aws, consul, datadog, envoy,
                googlecloud, istio, linkerd, opentelemetry, skywalking;
                the default is the zero Config
  -config FILE  set fields of the Config by a JSON file, or by JSON itself:
                {"formats": ["b3multi"], "headers": ["end-user"]}
                Names are those of the Go fields, in any case. Fields that are
                code (LocalSpan, Also, Observer) cannot be set.
  -f FILE       read headers from a file, "-" is the standard input
  -json         write a JSON object for each request and host, one a line

Values of baggage and of Config.Headers are not shown, only their sizes.
All mistakes in a Config are reported together, with exit status 2.
`

const doctorHelp = `traceferry doctor [flags] URL

Sends requests through a running service and says which header families arrive
at its next hop: carried, lost, changed, duplicated, mixed up. The next hop is
traceferry echo: make the service call the echo's address, over HTTP or gRPC.
URL begins with http://, https://, grpc:// or grpcs://; of gRPC it ends in
/package.Service/Method. {id} in it stands for an id of the request; if the
service puts it into its calls, other callers of the echo do not disturb.

  -echo URL      the echo; the default is http://127.0.0.1:9000
  -listen ADDR   run the echo here, and not by itself
  -want NAMES    the families that must be carried: "b3,tracecontext", or a
                 preset. The default is propagation.Config{}'s eight. The others
                 are optional: judged only if they arrive somewhere.
  -X METHOD, -H HEADER, -d BODY, -k   as curl has them; -d @FILE reads a file
  -wait TIME     how long to wait for late calls (500ms)
  -timeout TIME  how long a request may take (10s)
  -json          write the report as a JSON object

The exit status is 1 if something is lost, changed or not called.
`

const echoHelp = `traceferry echo [flags]

Answers every call, over HTTP/1.1, HTTP/2 without TLS and gRPC on one port, and
shows the trace headers that it received. It is the next hop for traceferry
doctor. An HTTP call gets its own headers as JSON; a gRPC call gets one empty
message. The last 1000 calls are kept for doctors, with trace headers only.

  -listen ADDR  where to listen; the default is 127.0.0.1:9000. Take :9000 to be
                reached from other machines: then they can read what was kept.
  -status CODE  the status of the HTTP answers (200)
  -body FILE    the body of the HTTP answers
  -keep NAME    show and keep this header, too; may be repeated
  -q            show nothing
  -json         write each call as a JSON object, one a line

Calls can be read at /.well-known/traceferry/calls.
`
