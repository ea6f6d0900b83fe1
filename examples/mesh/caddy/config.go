package caddy

import (
	"strings"
	"text/template"
)

// site is one listener of a Caddy.
type site struct {
	Port   int
	Edge   bool // it adds a request id
	Routes []route
}

// route sends the requests of one call to an upstream.
type route struct {
	Call     string
	Host     string // "" means any host
	Path     string // the path begins with this
	Upstream string // with h2c:// if the upstream speaks HTTP/2
}

// caddyfile writes the configuration of one Caddy, in the form that users write.
func caddyfile(log string, sites []site) (string, error) {
	var b strings.Builder
	err := page.Execute(&b, struct {
		Log   string
		Sites []site
	}{log, sites})
	return b.String(), err
}

var page = template.Must(template.New("Caddyfile").Parse(`{
	admin off
	auto_https off
	persist_config off
	grace_period 1s
	servers {
		protocols h1 h2c
	}
}
{{- $log := .Log}}
{{- range .Sites}}

http://:{{.Port}} {
	bind 127.0.0.1
	log {
		output file "{{$log}}"
		format json
	}
{{- if .Edge}}
	@new not header X-Request-Id *
	request_header @new X-Request-Id {http.request.uuid}
{{- end}}
{{- range $i, $r := .Routes}}
	@call{{$i}} {
{{- if .Host}}
		host {{.Host}}
{{- end}}
		path {{.Path}}*
	}
	handle @call{{$i}} {
		tracing {
			span {{.Call}}
			span_attributes {
				call {{.Call}}
				book {http.request.header.X-Book}
				guid:x-request-id {http.request.header.X-Request-Id}
			}
		}
		log_append book {http.request.header.X-Book}
		log_append request_id {http.request.header.X-Request-Id}
		reverse_proxy {{.Upstream}}
	}
{{- end}}
}
{{- end}}
`))
