package policy

import "strings"

// kind classifies a header by what a forwarded copy of it does.
type kind uint8

const (
	harmless   kind = iota
	credential      // proves the caller's identity: any receiver can act as that caller
	steering        // gives orders to an Envoy
	ofProxy         // only a proxy in front of the receiver may set it
	ofMessage       // describes one message, one connection or one hop
)

// knowingly reports whether Config.UnsafeHeaders accepts the kind.
func (k kind) knowingly() bool { return k == credential || k == steering }

// reason returns why a header of the kind is refused, and what to do instead.
func (k kind) reason() string {
	switch k {
	case credential:
		return "is a credential, or says who the caller is: if each callee may have it, put it in UnsafeHeaders"
	case steering:
		return "steers a proxy: if each callee may have it, put it in UnsafeHeaders"
	case ofProxy:
		return "may only come from the proxy in front of a service, and is never forwarded: copy what you need of it into a header of your own"
	}
	return "belongs to one hop or one message and is never forwarded: set it where you make the call"
}

// group lists the names and prefixes of one source.
type group struct {
	kind     kind
	names    string // separated by white space, in lower case, with "-" for "_" and "."
	prefixes string
}

// refusedGroups are the headers that Config.Headers refuses. The first group that contains a name decides.
var refusedGroups = []group{
	// Messages and connections. HTTP: RFC 9110, 9111, 9112, 9113, 8246, 8441, 8470, 7838, 9218, 9213, 9530, 9421; the
	// IANA registry of HTTP field names.
	{kind: ofMessage, names: `
		connection keep-alive te trailer transfer-encoding upgrade http2-settings via host max-forwards close
		expect range date age cache-control pragma expires etag last-modified vary warning
		accept accept-charset accept-encoding accept-patch accept-post accept-ranges accept-ch allow server retry-after location refresh link
		www-authenticate authentication-info authentication-control optional-www-authenticate digest want-digest repr-digest
		want-repr-digest want-content-digest origin referer upgrade-insecure-requests early-data alt-svc alt-used
		priority cdn-cache-control surrogate-control surrogate-capability capsule-protocol last-event-id clear-site-data
		strict-transport-security server-timing referrer-policy permissions-policy nel report-to reporting-endpoints
		soapaction status signature-input prefer preference-applied mime-version sourcemap timing-allow-origin
		x-content-type-options x-frame-options x-xss-protection x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset`,
		prefixes: `content- if- sec- access-control- cross-origin-`},
	// WebDAV (RFC 4918): what one method does, and to which resource.
	{kind: ofMessage, names: `depth destination if overwrite timeout lock-token`},
	// gRPC over HTTP/2 and Connect: https://connectrpc.com/docs/protocol.
	{kind: ofMessage, prefixes: `grpc- connect-`},
	// One signed request of AWS (Signature Version 4): of no use without its signature.
	{kind: ofMessage, names: `x-amz-security-token x-amz-date x-amz-content-sha256 x-amz-target x-amz-algorithm x-amz-signature
		x-amz-credential x-amz-expires x-amz-signedheaders`},
	// Which method, path or file a server uses instead of the message's own: Rails, Symfony, nginx, lighttpd, Apache.
	{kind: ofMessage, names: `x-http-method-override x-http-method x-method-override x-sendfile x-lighttpd-send-file
		x-request-start x-queue-start`,
		prefixes: `x-accel- x-sendfile-`},

	// Envoy: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers.
	{kind: steering, prefixes: `x-envoy-`},

	// Identity that a proxy has verified: Google IAP and Endpoints, Cloudflare Access, AWS ALB, Azure App Service,
	// Tailscale.
	{kind: credential, names: `x-endpoint-api-userinfo x-apigateway-api-userinfo`,
		prefixes: `x-goog-iap- x-goog-authenticated- cf-access- x-amzn-oidc- x-ms-client-principal x-ms-token- tailscale- x-tailscale-`},
	// Verified identity, too: Kong and APISIX, Grafana, Kubernetes' API aggregation and impersonation, Authelia,
	// authentik, Pomerium, Vouch, mod_auth_openidc, Shibboleth, Red Hat.
	{kind: credential, names: `x-anonymous-consumer remote-user remote-group remote-groups remote-name remote-email x-remote-user x-remote-group
		x-remote-groups x-remote-name x-remote-email x-userinfo x-rh-identity`,
		prefixes: `x-consumer- x-credential- x-webauth- x-remote-extra- impersonate- x-authelia- x-authentik- x-pomerium- x-vouch- oidc- shib-`},
	// Credentials whose names contain no secret word: RFC 6265, 9449; Honeycomb.
	{kind: credential, names: `cookie cookie2 set-cookie set-cookie2 jwt dpop x-honeycomb-team`},

	// The client's address, connection and certificate: RFC 7239, 9440; nginx, Apache, HAProxy, Akamai, WebLogic, IIS.
	{kind: ofProxy, names: `forwarded x-forwarded forwarded-for forwarded-host forwarded-proto x-forward-for x-real-ip x-real-port x-client-ip
		client-ip x-cluster-client-ip true-client-ip x-true-client-ip remote-addr x-remote-addr x-remote-ip x-remote-host
		x-remote-port x-originating-ip x-proxyuser-ip x-host x-scheme x-url-scheme x-https front-end-https x-tls
		client-cert client-cert-chain x-client-cert x-client-cert-chain x-client-verify x-client-dn x-rewrite-url cdn-loop`,
		prefixes: `x-forwarded- proxy- x-proxy- wl-proxy- x-original- x-originating- x-ssl- ssl-client- x-client-ssl- x-client-cert- x-tls- x-mtls- akamai- x-akamai-`},
	// Content networks and platforms: Cloudflare, CloudFront and ALB, Azure Front Door and App Service, App Engine,
	// Fastly, Fly.io, DigitalOcean, Netlify, Vercel, Imperva, Sucuri.
	{kind: ofProxy, names: `x-nf-client-connection-ip do-connecting-ip incap-client-ip x-sucuri-clientip x-sucuri-country`,
		prefixes: `cf- cloudfront- x-cloudfront- x-amz-cf- x-amzn-mtls- x-amzn-tls- x-azure- x-fd- x-arr- x-appengine- fastly- fly- x-vercel-`},
	// Meshes: what linkerd2-proxy sets and strips, and Istio's Mixer attributes.
	{kind: ofProxy, names: `x-istio-attributes`, prefixes: `l5d-`},
}

// secretWords make a name a credential, wherever they occur in it. They catch names that no group lists. List a
// harmless name that contains one in Config.UnsafeHeaders.
var secretWords = wordsOf(credential, `auth authorization authentication authenticated authenticator assertion bearer cookie credentials
	csrf xsrf hmac jwe jws oauth oauth2 oidc otp totp passcode passphrase passwords pwd saml secrets signature tokens`)

// secretEndings make a name a credential if one of its words ends so, as in x-csrftoken.
var secretEndings = []string{"token", "secret", "password", "passwd", "credential", "jwt", "apikey", "accesskey", "secretkey", "privatekey"}

// keyWords make a name a credential if the word "key" follows one of them.
var keyWords = wordsOf(credential, `access account admin api app application auth client customer encryption functions function insert
	license master private query rapidapi secret service shared signing subscription`)

// refusedPrefix is the beginning of refused names.
type refusedPrefix struct {
	text string
	kind kind
}

var refusedNames, refusedPrefixes = func() (names map[string]kind, prefixes []refusedPrefix) {
	names = map[string]kind{}
	for _, g := range refusedGroups {
		for name, k := range wordsOf(g.kind, g.names) {
			if _, before := names[name]; !before {
				names[name] = k
			}
		}
		for prefix := range strings.FieldsSeq(g.prefixes) {
			prefixes = append(prefixes, refusedPrefix{prefix, g.kind})
		}
	}
	return names, prefixes
}()

func wordsOf(k kind, list string) map[string]kind {
	words := map[string]kind{}
	for word := range strings.FieldsSeq(list) {
		words[word] = k
	}
	return words
}

// kindOf returns the kind of a lower-case name. It treats "_" and "." as "-", because many servers do not
// distinguish them (CGI, WSGI, Rack).
func kindOf(lower string) kind {
	name := dashed.Replace(lower)
	if k := refusedNames[name]; k != harmless {
		return k
	}
	if k := kindOfBeginning(name); k != harmless {
		return k
	}
	return kindOfWords(name)
}

// kindOfAll returns the kind of all names that begin with prefix. It returns harmless if some of them are harmless.
func kindOfAll(prefix string) kind {
	name := dashed.Replace(prefix)
	if k := kindOfBeginning(name); k != harmless {
		return k
	}
	whole := name[:strings.LastIndexByte(name, '-')+1] // the last word may be incomplete
	return kindOfWords(strings.TrimSuffix(whole, "-"))
}

var dashed = strings.NewReplacer("_", "-", ".", "-")

func kindOfBeginning(name string) kind {
	for i := range refusedPrefixes {
		if p := &refusedPrefixes[i]; strings.HasPrefix(name, p.text) {
			return p.kind
		}
	}
	return harmless
}

func kindOfWords(name string) kind {
	before := ""
	for word := range strings.SplitSeq(name, "-") {
		if secretWords[word] != harmless || word == "key" && keyWords[before] != harmless {
			return credential
		}
		for _, ending := range secretEndings {
			if strings.HasSuffix(word, ending) {
				return credential
			}
		}
		before = word
	}
	return harmless
}
