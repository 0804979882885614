// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/extauthz"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

// world is a gateway with a few routes, and a token that it accepts.
type world struct {
	gateway *gateway.Gateway
	ca      *stapledtest.CA
	orders  *certs.Identity
	token   string
	asked   *recorder
}

// recorder is a verifier that remembers what it was given.
type recorder struct {
	*verifier.Verifier
	bindings verifier.Bindings
}

func (r *recorder) VerifyBound(raw string, b verifier.Bindings) (verifier.Token, error) {
	r.bindings = b
	return r.Verifier.VerifyBound(raw, b)
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	ca := stapledtest.NewCA(tb)
	asked := &recorder{Verifier: ca.Verifier("billing")}
	g, err := gateway.New(gateway.Config{Routes: []gateway.Route{
		{Name: "preflight", Prefix: "/", Preflight: true, Open: true},
		{Name: "public", Prefix: "/public", Open: true},
		{Name: "host", Prefix: "/host", Hosts: []string{"api.example"}, Methods: []string{"POST"}, Verifier: asked, Allow: []gateway.Rule{gateway.Anyone}},
		{Name: "v1", Prefix: "/v1", Verifier: asked, Allow: []gateway.Rule{gateway.Issuer("https://orders.internal")}},
		{Name: "others", Prefix: "/others", Verifier: asked, Allow: []gateway.Rule{gateway.Issuer("https://else.internal")}},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	orders := ca.Identity("https://orders.internal")
	token := ca.Token(orders, issuer.Claims{Audience: []string{"billing"}, Subject: "alice"})
	return &world{gateway: g, ca: ca, orders: orders, token: token, asked: asked}
}

func (w *world) server(tb testing.TB, change func(*extauthz.Config)) *extauthz.Server {
	tb.Helper()
	cfg := extauthz.Config{Gateway: w.gateway}
	if change != nil {
		change(&cfg)
	}
	server, err := extauthz.NewServer(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return server
}

// check returns the question about a request with the headers that Envoy sends
// by default.
func check(method, path string, headers map[string]string) *auth.CheckRequest {
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Method: method, Path: path, Host: "api.example", Scheme: "https", Headers: headers,
		}},
	}}
}

// rawCheck is check with encode_raw_headers: name, value, name, value, …
func rawCheck(method, path string, fields ...string) *auth.CheckRequest {
	r := check(method, path, nil)
	m := &core.HeaderMap{}
	for i := 0; i < len(fields); i += 2 {
		m.Headers = append(m.Headers, &core.HeaderValue{Key: fields[i], RawValue: []byte(fields[i+1])})
	}
	r.Attributes.Request.Http.HeaderMap = m
	return r
}

// answer asks a server, which never returns an error.
func answer(tb testing.TB, server *extauthz.Server, r *auth.CheckRequest) *auth.CheckResponse {
	tb.Helper()
	response, err := server.Check(context.Background(), r)
	if err != nil {
		tb.Fatalf("an error, which Envoy may take for permission: %v", err)
	}
	return response
}

func TestCheck(t *testing.T) {
	w := newWorld(t)
	bearer := "Bearer " + w.token
	for name, row := range map[string]struct {
		request *auth.CheckRequest
		want    int // 0: accepted
	}{
		"good":                      {check("GET", "/v1/a?b=c", map[string]string{"authorization": bearer}), 0},
		"good, raw":                 {rawCheck("GET", "/v1/a?b=c", "authorization", bearer), 0},
		"good, raw, another case":   {rawCheck("GET", "/v1", "Authorization", bearer), 0},
		"scheme in another case":    {check("GET", "/v1/a", map[string]string{"authorization": "bEARER " + w.token}), 0},
		"method and host":           {check("POST", "/host/a", map[string]string{"authorization": bearer}), 0},
		"another method":            {check("GET", "/host/a", map[string]string{"authorization": bearer}), 403},
		"missing":                   {check("GET", "/v1/a", nil), 401},
		"missing, raw":              {rawCheck("GET", "/v1/a", "accept", "*/*"), 401},
		"garbage":                   {check("GET", "/v1/a", map[string]string{"authorization": "Bearer x.y.z"}), 401},
		"joined by a comma":         {check("GET", "/v1/a", map[string]string{"authorization": bearer + "," + bearer}), 401},
		"two in two cases":          {check("GET", "/v1/a", map[string]string{"authorization": bearer, "Authorization": bearer}), 401},
		"two, raw":                  {rawCheck("GET", "/v1/a", "authorization", bearer, "authorization", bearer), 401},
		"two, raw, two cases":       {rawCheck("GET", "/v1/a", "authorization", bearer, "Authorization", "x"), 401},
		"joined, raw":               {rawCheck("GET", "/v1/a", "authorization", bearer+", "+bearer), 401},
		"in the query":              {check("GET", "/v1/a?access_token="+w.token, nil), 401},
		"not permitted":             {check("GET", "/others/a", map[string]string{"authorization": bearer}), 403},
		"no route":                  {check("GET", "/v2", map[string]string{"authorization": bearer}), 403},
		"no route, beside a prefix": {check("GET", "/v11", map[string]string{"authorization": bearer}), 403},
		"open":                      {check("GET", "/public/a", nil), 0},
		"open, with a token":        {check("GET", "/public/a", map[string]string{"authorization": "Bearer x"}), 0},
		"preflight":                 {check("OPTIONS", "/v1/a", map[string]string{"origin": "https://x", "access-control-request-method": "PUT"}), 0},
		"preflight, raw":            {rawCheck("OPTIONS", "/v1/a", "origin", "https://x", "access-control-request-method", "PUT"), 0},
		"no preflight":              {check("OPTIONS", "/v1/a", map[string]string{"origin": "https://x"}), 401},
		"preflight by GET":          {check("GET", "/v1/a", map[string]string{"origin": "https://x", "access-control-request-method": "PUT"}), 401},
		"nothing":                   {nil, 403},
		"empty":                     {&auth.CheckRequest{}, 403},
		"no HTTP request":           {&auth.CheckRequest{Attributes: &auth.AttributeContext{Request: &auth.AttributeContext_Request{}}}, 403},
		"no method":                 {check("", "/public", nil), 403},
		"no path":                   {check("GET", "", nil), 403},
		"another scheme":            {with(check("GET", "/public", nil), func(h *auth.AttributeContext_HttpRequest) { h.Scheme = "ftp" }), 403},
		"headers in both forms": {with(rawCheck("GET", "/public", "accept", "*/*"), func(h *auth.AttributeContext_HttpRequest) {
			h.Headers = map[string]string{"authorization": bearer}
		}), 403},
		"a header with two values": {with(rawCheck("GET", "/public", "authorization", bearer), func(h *auth.AttributeContext_HttpRequest) {
			h.HeaderMap.Headers[0].Value = bearer
		}), 403},
		"a value that is not raw": {with(rawCheck("GET", "/v1", "authorization", ""), func(h *auth.AttributeContext_HttpRequest) {
			h.HeaderMap.Headers[0].Value = bearer
		}), 0},
		"a nil header": {with(rawCheck("GET", "/v1", "authorization", bearer), func(h *auth.AttributeContext_HttpRequest) {
			h.HeaderMap.Headers = append(h.HeaderMap.Headers, nil)
		}), 0},
	} {
		t.Run(name, func(t *testing.T) {
			response := answer(t, w.server(t, nil), row.request)
			if row.want == 0 {
				if response.GetStatus().GetCode() != 0 || response.GetOkResponse() == nil {
					t.Fatalf("denied: %v", response)
				}
				complete(t, response)
				return
			}
			code := codes.PermissionDenied
			if row.want == 401 {
				code = codes.Unauthenticated
			}
			if got := response.GetStatus().GetCode(); got != int32(code) {
				t.Errorf("code %d, want %v", got, code)
			}
			if got := response.GetDeniedResponse().GetStatus().GetCode(); int(got) != row.want {
				t.Errorf("status %d, want %d", got, row.want)
			}
		})
	}
}

func with(r *auth.CheckRequest, change func(*auth.AttributeContext_HttpRequest)) *auth.CheckRequest {
	change(r.Attributes.Request.Http)
	return r
}

var identityNames = []string{"stapled-claims", "stapled-identity", "stapled-issuer", "stapled-subject", "stapled-token-id"}

// complete checks that an answer replaces every identity header, and returns
// their values.
func complete(tb testing.TB, response *auth.CheckResponse) map[string]string {
	tb.Helper()
	values := make(map[string]string)
	for _, option := range response.GetOkResponse().GetHeaders() {
		values[option.GetHeader().GetKey()] = option.GetHeader().GetValue()
		fields := option.ProtoReflect() // what Envoy looked at before append_action has no getter that is not deprecated
		if option.GetAppendAction() != core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD || !option.GetKeepEmptyValue() ||
			fields.Has(fields.Descriptor().Fields().ByName("append")) {
			tb.Errorf("%v does not replace what the client has sent", option)
		}
	}
	if got := slices.Sorted(maps.Keys(values)); !slices.Equal(got, identityNames) {
		tb.Errorf("identity headers %v", got)
	}
	return values
}

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	server := w.server(t, nil)
	bearer := map[string]string{"authorization": "Bearer " + w.token}
	// 1. Every value of the token.
	values := complete(t, answer(t, server, check("GET", "/v1", bearer)))
	if values["stapled-issuer"] != "https://orders.internal" || values["stapled-identity"] != "https://orders.internal" ||
		values["stapled-subject"] != "alice" || values["stapled-token-id"] == "" || values["stapled-claims"] == "" {
		t.Errorf("%v", values)
	}
	// 2. Without sub, what the client says about it is replaced by nothing.
	anonymous := w.ca.Token(w.orders, issuer.Claims{Audience: []string{"billing"}})
	values = complete(t, answer(t, server, check("GET", "/v1", map[string]string{"authorization": "Bearer " + anonymous, "stapled-subject": "root"})))
	if subject, ok := values["stapled-subject"]; subject != "" || !ok {
		t.Errorf("subject %q", subject)
	}
	// 3. At an open route, all of it is.
	for name, value := range complete(t, answer(t, server, check("GET", "/public", bearer))) {
		if value != "" {
			t.Errorf("%s is %q at an open route", name, value)
		}
	}
}

func TestHeadersToRemove(t *testing.T) {
	w := newWorld(t)
	for _, raw := range []bool{false, true} {
		fields := []string{
			"authorization", "Bearer " + w.token, "stapled-subject", "root", "stapled_subject", "root", "Stapled.Subject", "root",
			"stapled token_id", "1", "stapled_admin", "1", "x-other_header", "1", "x-forwarded-for", "192.0.2.1",
		}
		request := rawCheck("GET", "/v1", fields...)
		if !raw {
			headers := make(map[string]string)
			for i := 0; i < len(fields); i += 2 {
				headers[fields[i]] = fields[i+1]
			}
			request = check("GET", "/v1", headers)
		}
		removed := answer(t, w.server(t, nil), request).GetOkResponse().GetHeadersToRemove()
		for _, name := range []string{
			"authorization", "stapled_subject", "stapled.subject", "stapled token_id", "stapled_admin",
			"stapled_token_id", "stapled-token_id", "stapled_claims", // hidden from us, perhaps
		} {
			if !slices.Contains(removed, name) {
				t.Errorf("%s is not removed", name)
			}
		}
		for _, name := range append([]string{"x-other_header", "x-forwarded-for"}, identityNames...) {
			if slices.Contains(removed, name) {
				t.Errorf("%s is removed", name)
			}
		}
		unsafe := w.server(t, func(c *extauthz.Config) { c.UnsafeForwardAuthorization = true })
		removed = answer(t, unsafe, request).GetOkResponse().GetHeadersToRemove()
		if slices.Contains(removed, "authorization") || !slices.Contains(removed, "stapled_subject") {
			t.Errorf("removed %v", removed)
		}
	}
}

// TestAnswersOfTheMiddleware: a client cannot see which adapter has refused it.
func TestAnswersOfTheMiddleware(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v1", "/others", "/nowhere"} {
		request := httptest.NewRequest("GET", path, nil)
		request.Header.Set("Authorization", "Bearer "+w.token+strings.TrimPrefix(path, "/others")[:min(1, len(strings.TrimPrefix(path, "/others")))])
		recorded := httptest.NewRecorder()
		w.gateway.Wrap(http.NotFoundHandler()).ServeHTTP(recorded, request)
		denied := answer(t, w.server(t, nil), check("GET", path, map[string]string{"authorization": request.Header.Get("Authorization")})).GetDeniedResponse()
		got := make(http.Header)
		for _, option := range denied.GetHeaders() {
			got.Set(option.GetHeader().GetKey(), option.GetHeader().GetValue())
		}
		want := recorded.Header()
		want.Del("Content-Length") // Envoy sets it
		if int(denied.GetStatus().GetCode()) != recorded.Code || denied.GetBody() != recorded.Body.String() || !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: %v, want %d %v %q", path, denied, recorded.Code, want, recorded.Body)
		}
	}
}

func TestPeerCertificate(t *testing.T) {
	w := newWorld(t)
	leaf := w.orders.Leaf()
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}))
	for name, row := range map[string]struct {
		certificate string
		use         bool
		status      int32
		known       bool
	}{
		"sent and used":       {url.PathEscape(text), true, 0, true},
		"escaped as by Envoy": {strings.NewReplacer("\n", "%0A", " ", "%20", "+", "%2B", "/", "%2F", "=", "%3D").Replace(text), true, 0, true},
		"sent and not used":   {url.PathEscape(text), false, 0, false},
		"not sent":            {"", true, 0, false},
		"broken":              {"-----BEGIN", true, int32(codes.PermissionDenied), false},
		"two":                 {url.PathEscape(text + text), true, int32(codes.PermissionDenied), false},
	} {
		t.Run(name, func(t *testing.T) {
			request := check("GET", "/v1", map[string]string{"authorization": "Bearer " + w.token})
			request.Attributes.Source.Certificate = row.certificate
			w.asked.bindings = verifier.Bindings{}
			response := answer(t, w.server(t, func(c *extauthz.Config) { c.PeerCertificate = row.use }), request)
			if got := response.GetStatus().GetCode(); got != row.status {
				t.Errorf("code %d, want %d", got, row.status)
			}
			if peer := w.asked.bindings.Peer; (peer != nil) != row.known || peer != nil && !peer.Equal(leaf) {
				t.Errorf("peer %v", peer)
			}
		})
	}
}

// TestOverGRPC: as Envoy asks.
func TestOverGRPC(t *testing.T) {
	w := newWorld(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	auth.RegisterAuthorizationServer(server, w.server(t, nil))
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := auth.NewAuthorizationClient(conn)
	response, err := client.Check(t.Context(), rawCheck("GET", "/v1/a", "authorization", "Bearer "+w.token))
	if err != nil || response.GetStatus().GetCode() != 0 {
		t.Fatalf("%v, %v", response, err)
	}
	if values := complete(t, response); values["stapled-subject"] != "alice" {
		t.Errorf("%v", values)
	}
	if response, err = client.Check(t.Context(), &auth.CheckRequest{}); err != nil || response.GetDeniedResponse().GetStatus().GetCode() != 403 {
		t.Errorf("%v, %v", response, err)
	}
}

func TestZeroServer(t *testing.T) {
	response := answer(t, new(extauthz.Server), check("GET", "/public", nil))
	if response.GetStatus().GetCode() == 0 || response.GetDeniedResponse().GetStatus().GetCode() != 403 {
		t.Errorf("%v", response)
	}
	if _, err := extauthz.NewServer(extauthz.Config{}); err == nil {
		t.Error("a server without a gateway")
	}
}

// FuzzCheckRequest: an answer lets a request pass only if the gateway does, and
// is complete then.
func FuzzCheckRequest(f *testing.F) {
	w := newWorld(f)
	server := w.server(f, func(c *extauthz.Config) { c.PeerCertificate = true })
	for _, r := range []*auth.CheckRequest{
		check("GET", "/v1/a?b", map[string]string{"authorization": "Bearer " + w.token}),
		rawCheck("POST", "/host", "authorization", "Bearer "+w.token, "stapled_subject", "x"),
		check("GET", "/public", nil), {},
	} {
		text, err := json.Marshal(r.GetAttributes().GetRequest().GetHttp().GetHeaders())
		if err != nil {
			f.Fatal(err)
		}
		h := r.GetAttributes().GetRequest().GetHttp()
		f.Add(h.GetMethod(), h.GetPath(), h.GetHost(), h.GetScheme(), string(text), "stapled_subject", "authorization", "", true)
	}
	f.Fuzz(func(t *testing.T, method, path, host, scheme, headers, key, key2, certificate string, raw bool) {
		h := &auth.AttributeContext_HttpRequest{Method: method, Path: path, Host: host, Scheme: scheme}
		if json.Unmarshal([]byte(headers), &h.Headers) != nil {
			h.Headers = nil
		}
		if raw {
			h.HeaderMap = &core.HeaderMap{Headers: []*core.HeaderValue{{Key: key, RawValue: []byte(headers)}, {Key: key2, RawValue: []byte("Bearer " + w.token)}}}
		}
		request := &auth.CheckRequest{Attributes: &auth.AttributeContext{
			Source: &auth.AttributeContext_Peer{Certificate: certificate}, Request: &auth.AttributeContext_Request{Http: h},
		}}
		response, err := server.Check(context.Background(), request)
		if err != nil {
			t.Fatal(err)
		}
		ok := response.GetStatus().GetCode() == 0
		if ok != (response.GetOkResponse() != nil) || ok == (response.GetDeniedResponse() != nil) {
			t.Fatalf("neither allowed nor denied: %v", response)
		}
		if !ok {
			if s := response.GetDeniedResponse().GetStatus().GetCode(); s != 400 && s != 401 && s != 403 {
				t.Errorf("status %d", s)
			}
			return
		}
		// Let in: by an open route, or with the one good token and no other.
		values := complete(t, response)
		route, _, _ := strings.Cut(path, "?")
		open := route == "/public" || strings.HasPrefix(route, "/public/") || method == "OPTIONS"
		if !open && values["stapled-subject"] != "alice" || open && values["stapled-subject"] != "" {
			t.Errorf("%q is let in as %v", path, values)
		}
		for name := range h.GetHeaders() {
			if strings.EqualFold(name, "stapled_subject") && !slices.Contains(response.GetOkResponse().GetHeadersToRemove(), strings.ToLower(name)) {
				t.Errorf("%q passes", name)
			}
		}
	})
}
