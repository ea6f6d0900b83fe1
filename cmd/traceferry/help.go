package main

// Each help fits a screen of 80 by 24 characters.

const mainHelp = `traceferry shows where trace headers get lost.

  traceferry decode     read headers: ids, decisions, times, disagreements
  traceferry explain    which headers a Config sends to a host, and why
  traceferry doctor     send requests through a running service, and say which
                        header formats its next hop receives
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
The exit status is 0 if all is well, and 1 if something is wrong with headers.
It is 2 for wrong arguments, an input that cannot be read, or a server that
cannot be reached. The environment variable NO_COLOR turns colours off.
`

const decodeHelp = `traceferry decode [-f FILE] [-json] [-v] [HEADER...]

Decodes trace headers of all formats, and compares their ids. A HEADER is
"Name: value". A value without a name is enough if only one header can have it.
Without a HEADER, decode reads the standard input. It may be:

  - headers, one a line, with an empty line between requests
  - the output of curl -v (2>&1)
  - an access log with a JSON object a line, as Envoy and Istio write it. Its
    fields name headers, as x_request_id or http.request.header.traceparent do.
    Text before the object is ignored. Istio's request_id is x-request-id.
  - a HAR file, or any other JSON with names and values of headers

A request of a log gets one line if it has no problem. Values are escaped, so
that they cannot change your terminal.

  -f FILE   read FILE; "-" is the standard input
  -json     write a JSON object for each request with trace headers, one a line
  -v        show all requests of a log in full

The exit status is 1 if formats disagree or a header cannot be read.
`

const explainHelp = `traceferry explain -host HOST [-preset NAME] [-config FILE] [HEADER...]

Shows which headers a service with a propagation.Config sends to a host if it
has received these headers. Shows also which format wins, and why headers are
not sent. HEADER and the standard input are as in traceferry decode.

  -host HOST    where the call goes: "reviews:9080" or a URL; may be repeated
  -preset NAME  start with a preset: ambassador, aws, consul, datadog, envoy,
                googlecloud, istio, linkerd, opentelemetry, skywalking;
                the default is the zero Config
  -config FILE  set fields of the Config from a JSON file, or from a JSON text:
                {"formats": ["b3multi"], "headers": ["end-user"]}
                Names are those of the Go fields, in any case. Fields that are
                code (LocalSpan, Also, Observer) cannot be set.
  -f FILE       read headers from FILE; "-" is the standard input
  -json         write a JSON object for each request and host, one a line

Of baggage and of Config.Headers, only the sizes of values are shown.
All mistakes in a Config are reported together, with exit status 2.
`

const doctorHelp = `traceferry doctor [flags] URL

Sends requests through a running service, and says which header formats its next
hop receives: carried, lost, changed, duplicated or mixed up. The next hop is
traceferry echo. Configure the service to call the echo, over HTTP or gRPC.
URL begins with http://, https://, grpc:// or grpcs://. For gRPC it ends in
/package.Service/Method. doctor replaces {id} in URL by an id of the request.
If the service repeats this id in its calls, other callers of the echo may run.

  -echo URL      the echo; the default is http://127.0.0.1:9000
  -listen ADDR   run the echo in this process; it listens on ADDR
  -want NAMES    the formats that must be carried: "b3,tracecontext", or a
                 preset. The default is the eight formats of an empty Config.
                 Any other format is judged only if it arrives somewhere.
  -X METHOD, -H HEADER, -d BODY, -k   as in curl; -d @FILE reads a file
  -wait TIME     how long to wait for late calls (500ms)
  -timeout TIME  how long a request may take (10s)
  -json          write the report as a JSON object

The exit status is 1 if something is lost, changed or not called.
`

const echoHelp = `traceferry echo [flags]

Answers every call, over HTTP/1.1, HTTP/2 without TLS and gRPC on one port, and
shows the trace headers that it received. It is the next hop for traceferry
doctor. An HTTP call gets its own headers as JSON; a gRPC call gets one empty
message. echo keeps the trace headers of the last 1000 calls for doctor.

  -listen ADDR  where to listen; the default is 127.0.0.1:9000. With :9000 other
                machines can reach the echo, and can read the kept headers.
  -status CODE  the status of the HTTP answers (200)
  -body FILE    the body of the HTTP answers
  -keep NAME    show and keep this header, too; may be repeated
  -q            show nothing
  -json         write each call as a JSON object, one a line

The path /.well-known/traceferry/calls returns the kept calls as JSON.
`
