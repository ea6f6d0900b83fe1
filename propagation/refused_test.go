package propagation_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// The headers that Config.Headers refuses, grouped by the reason. harmless are headers that it accepts. refused.go names the
// sources.
var (
	credentials = strings.Fields(`
		authorization cookie set-cookie jwt x-api-key api-key apikey x-apikey x-api_key x-auth-token x-auth x-auth-user auth-token dpop x-vault-token
		x-consul-token x-nomad-token x-gitlab-token private-token job-token x-github-token x-csrf-token x-csrftoken x-xsrf-token x-functions-key
		ocp-apim-subscription-key x-goog-api-key x-shopify-access-token dd-api-key dd-application-key x-honeycomb-team x-jwt x-jwt-assertion
		x-access-token x-id-token x-refresh-token access-token x-client-secret x-password x-secret-key x-rapidapi-key x-hub-signature-256 signature
		x-goog-iap-jwt-assertion x-goog-authenticated-user-email x-goog-authenticated-user-id cf-access-jwt-assertion cf-access-client-id
		cf-access-client-secret cf-access-authenticated-user-email x-amzn-oidc-data x-amzn-oidc-identity x-amzn-oidc-accesstoken
		x-ms-client-principal x-ms-client-principal-id x-ms-client-principal-name x-ms-client-principal-idp x-ms-token-aad-access-token
		x-auth-request-user x-auth-request-email x-auth-request-access-token tailscale-user-login tailscale-user-name x-webauth-user
		x-consumer-id x-consumer-username x-credential-identifier x-anonymous-consumer x-authenticated-userid x-authenticated-scope
		remote-user remote_user x-remote-user x-remote-extra-scopes impersonate-user impersonate-group x-endpoint-api-userinfo x-apigateway-api-userinfo
		x-pomerium-claim-email x-vouch-user x-authentik-username oidc_claim_email oidc_access_token x-rh-identity x-serverless-authorization
		x-envoy-internal x-envoy-original-dst-host`)
	proxies = strings.Fields(`
		forwarded x-forwarded x-forwarded-for x-forwarded-host x-forwarded-user x-forwarded-access-token x-forwarded-client-cert x_forwarded_for
		l5d-client-id l5d-dst-override l5d-remote-ip l5d-orig-proto x-real-ip x_real_ip x-client-ip x-cluster-client-ip true-client-ip remote-addr
		cf-connecting-ip cf-connecting-ipv6 cf-ray cf-ipcountry cf-visitor fastly-client-ip fastly-ssl fly-client-ip fly-region x-azure-clientip
		x-azure-fdid x-azure-socketip x-fd-healthprobe x-arr-clientcert x-arr-ssl x-appengine-user-ip cloudfront-viewer-address
		x-original-url x-original-uri x-original-host x-original-forwarded-for x-rewrite-url client-cert client-cert-chain x-ssl-client-cert
		x-ssl-client-verify ssl-client-s-dn x-client-cert x-amzn-mtls-clientcert x-amzn-tls-version x-proxyuser-ip wl-proxy-client-ip front-end-https
		x-scheme x-host proxy-authorization proxy-connection x-vercel-forwarded-for x-nf-client-connection-ip cdn-loop
		x-cloudfront-forwarded-proto x-amz-cf-id`)
	messages = strings.Fields(`
		host connection keep-alive te trailer transfer-encoding upgrade http2-settings via max-forwards expect range date age cache-control pragma
		expires etag last-modified vary content-type content-length content-encoding if-match if-none-match if-modified-since if-range
		accept-encoding accept-ranges early-data alt-used alt-svc location refresh retry-after server x-accel-redirect x-accel-buffering
		x-sendfile x-sendfile-type x-http-method-override x-http-method x-method-override www-authenticate authentication-info
		sec-websocket-key sec-fetch-site sec-ch-ua access-control-request-method origin referer upgrade-insecure-requests priority
		grpc-timeout grpc-encoding grpc-status connect-protocol-version connect-timeout-ms x-amz-security-token x-amz-date x-amz-content-sha256
		digest want-digest repr-digest content-digest signature-input last-event-id
		depth destination if overwrite timeout prefer mime-version sourcemap timing-allow-origin x-frame-options x-ratelimit-remaining`)
	harmless = strings.Fields(`
		x-tenant x-tenant-id end-user user-agent x-data-bin envoy cookies authority x-correlation-id x-user-id x-user x-locale accept-language
		x-device-id x-feature-flags x-experiment x-canary x-version x-session-id x-key x-idempotency idempotency-key x-tokenizer x-author
		x-monkey turkey x-authored-by x-company-id service-version x-ot-foo x-amzn-requestid x-cf-space flyer cfg-x x-forward x-ssl`)
)

// TestRefusedKinds: Config.Headers refuses names of each kind in any case. UnsafeHeaders accepts credentials.
func TestRefusedKinds(t *testing.T) {
	for _, kind := range []struct {
		names             []string
		headers, unsafely bool   // whether Headers and UnsafeHeaders refuse the names
		says              string // a part of the reason in the error
	}{
		{credentials, true, false, "put it in UnsafeHeaders"},
		{proxies, true, true, "proxy"},
		{messages, true, true, "one hop or one message"},
		{harmless, false, true, "put it in Headers"},
	} {
		for _, name := range kind.names {
			for _, spelled := range []string{name, http.CanonicalHeaderKey(name), strings.ToUpper(name)} {
				inHeaders, inUnsafe := propagation.Config{Headers: []string{spelled}}, propagation.Config{UnsafeHeaders: []string{spelled}}
				if _, err := propagation.New(inHeaders); kind.headers {
					expectMistakes(t, inHeaders, mistake{"Headers[0]", spelled})
					if err == nil || !strings.Contains(err.Error(), kind.says) {
						t.Errorf("%s: the error does not say %q: %v", spelled, kind.says, err)
					}
				} else if err != nil {
					t.Error(err)
				}
				if kind.unsafely {
					expectMistakes(t, inUnsafe, mistake{"UnsafeHeaders[0]", spelled})
				} else {
					expectMistakes(t, inUnsafe)
				}
			}
		}
	}
}

// TestPatternMistakes: New refuses an invalid pattern, and a pattern that only refused names can match.
func TestPatternMistakes(t *testing.T) {
	for _, wrong := range []string{
		"*", "**", "x*", "x-*", "xy*", "*-company", "x-*-id", "x-co*mpany-*", "x-company-**", "x company-*", "x-company:*", "naïve-*", ":path*",
		"x-b3-*", "x-datadog-*", "x-b3-t*", "ot-tracer-*", "uberctx-*", "uberctx-tenant*", "ot-baggage-*", "l5d-ctx-*", "l5d-*", "l5d-client*",
		"x-forwarded-*", "x-forwarded-f*", "x-envoy-*", "proxy-*", "content-*", "grpc-*", "sec-*", "if-*", "cf-access-*", "cf-*", "x-amzn-oidc-*",
		"x-ms-client-principal*", "x-auth-*", "x-api-key-*", "x-token-*", "x-authorization-*", "x_forwarded_*", "x-accel-*",
	} {
		expectMistakes(t, propagation.Config{Headers: []string{wrong}}, mistake{"Headers[0]", wrong})
	}
	for _, unsafe := range []string{"x-company-*", "x-envoy-*", "x-auth-*", "*", "authorization*"} {
		expectMistakes(t, propagation.Config{UnsafeHeaders: []string{unsafe}}, mistake{"UnsafeHeaders[0]", unsafe})
	}
	expectMistakes(t, propagation.Config{Headers: []string{"x-company-*", "x-other", "X-Company-*"}}, mistake{"Headers[2]", "X-Company-*"})
	for _, right := range []string{"x-company-*", "X-Company-*", "baggage-*", "x-c*", "abc*", "x-company*", "x-request-*", "x-ami*", "x-b*", "tracer-*", "sw8*", "x-amz-*", "cookie*"} {
		expectMistakes(t, propagation.Config{Headers: []string{right, "x-company-id", "x-company-sub-*"}})
	}
	expectMistakes(t, propagation.Config{
		Headers: []string{"x-company-*", "x-other-id"}, UnsafeHeaders: []string{"x-api-key"},
		Destinations: []propagation.Destination{{
			Hosts: []string{"a"}, Headers: []string{"x-company-*", "X-Company-Id", "x-company-sub-*", "x-comp*", "x-other-*", "x-another-*", "x-compan", "x-api-key", "*"},
		}},
	}, mistake{"Destinations[0].Headers[5]", "x-another-*"}, mistake{"Destinations[0].Headers[6]", "x-compan"})
}
