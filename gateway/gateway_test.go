// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/verifier"
)

// refusal is the only response to any refused request, without its date.
const refusal = "HTTP/1.1 401 Unauthorized\r\n" +
	"Cache-Control: no-store\r\n" +
	"Content-Length: 13\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Www-Authenticate: Bearer error=\"invalid_token\"\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"Connection: close\r\n" +
	"\r\n" +
	"unauthorized\n"

type refusalRow struct {
	name    string
	verify  verifyFunc
	request string
	reason  stapled.Reason
}

func refusalRows() []refusalRow {
	const good = "Authorization: Bearer good.good.good"
	var nilError *stapled.Error
	rows := []refusalRow{
		{"no credentials", acceptAll, get(), stapled.CredentialsMissing},
		{"token in the form", acceptAll, "POST / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n" +
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 18\r\n\r\naccess_token=a.b.c", stapled.CredentialsMissing},
		{"token in a cookie", acceptAll, get("Cookie: access_token=a.b.c"), stapled.CredentialsMissing},
		{"token for the proxy", acceptAll, get("Proxy-Authorization: Bearer a.b.c"), stapled.CredentialsMissing},
		{"token in a trailer", acceptAll, "POST / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nTrailer: X-T, Authorization\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer a.b.c\r\n\r\n", stapled.CredentialsMissing},
		{"empty header", acceptAll, get("Authorization:"), stapled.CredentialsMalformed},
		{"scheme alone", acceptAll, get("Authorization: Bearer"), stapled.CredentialsMalformed},
		{"empty token", acceptAll, get("Authorization: Bearer  "), stapled.CredentialsMalformed},
		{"token alone", acceptAll, get("Authorization: a.b.c"), stapled.CredentialsMalformed},
		{"scheme Basic", acceptAll, get("Authorization: Basic YTpi"), stapled.CredentialsMalformed},
		{"scheme DPoP", acceptAll, get("Authorization: DPoP a.b.c"), stapled.CredentialsMalformed},
		{"scheme that begins like Bearer", acceptAll, get("Authorization: BearerX a.b.c"), stapled.CredentialsMalformed},
		{"tab after the scheme", acceptAll, get("Authorization: Bearer\ta.b.c"), stapled.CredentialsMalformed},
		{"the same header twice", acceptAll, get(good, good), stapled.CredentialsMalformed},
		{"two headers in different case", acceptAll, get(good, "AUTHORIZATION: Bearer a.b.c"), stapled.CredentialsMalformed},
		{"another scheme beside it", acceptAll, get("Authorization: Basic YTpi", good), stapled.CredentialsMalformed},
		{"an empty header beside it", acceptAll, get(good, "Authorization:"), stapled.CredentialsMalformed},
		{"list of credentials", acceptAll, get(good + ", Bearer a.b.c"), stapled.CredentialsMalformed},
		{"list without spaces", acceptAll, get(good + ",a.b.c"), stapled.CredentialsMalformed},
		{"two tokens", acceptAll, get(good + " a.b.c"), stapled.CredentialsMalformed},
		{"two tokens and a tab", acceptAll, get(good + "\ta.b.c"), stapled.CredentialsMalformed},
		{"error of another type", rejectFor(errors.New("broken")), get(good), stapled.Unclassified},
		{"error without a reason", rejectFor(&stapled.Error{Err: errors.New("broken")}), get(good), stapled.Unclassified},
		{"nil error of the right type", rejectFor(nilError), get(good), stapled.Unclassified},
		{"neither token nor error", rejectFor(nil), get(good), stapled.Unclassified},
		{"error without a cause", rejectFor(&stapled.Error{Reason: stapled.KeyUsage}), get(good), stapled.KeyUsage},
		{"token beside an error", func(raw string) (verifier.Token, error) {
			return newToken("sub", "alice"), &stapled.Error{Reason: stapled.StapleStale, Err: errors.New("late")}
		}, get(good), stapled.StapleStale},
		{"wrapped error", rejectFor(fmt.Errorf("x: %w", &stapled.Error{Reason: stapled.TokenExpired, Err: errors.New("late")})),
			get(good), stapled.TokenExpired},
	}
	for _, reason := range stapled.Reasons() {
		err := &stapled.Error{Reason: reason, Err: fmt.Errorf("detail of %s", reason)}
		rows = append(rows, refusalRow{"verifier says " + string(reason), rejectFor(err), get(good), reason})
	}
	return rows
}

func TestRefusalsAreIndistinguishable(t *testing.T) {
	for _, row := range refusalRows() {
		t.Run(row.name, func(t *testing.T) {
			var log logBuffer
			var observer outcomes
			g := newGateway(t, gateway.Config{Verifier: row.verify, Logger: log.logger(), Observer: &observer})
			server := serve(t, g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				t.Error("the handler was called")
			})))
			if got := exchange(t, server, row.request); got != refusal {
				t.Errorf("response:\n%q\nwant:\n%q", got, refusal)
			}
			server.Close() // waits for the handler
			observer.check(t, string(row.reason))
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "reason="+string(row.reason)+" ") {
				t.Errorf("log: %s\nwant one line with the reason %s", got, row.reason)
			}
		})
	}
}

// Every possible reason must have a row.
func TestRefusalRowsCoverEveryReason(t *testing.T) {
	given := map[stapled.Reason]bool{}
	for _, row := range refusalRows() {
		given[row.reason] = true
	}
	for _, row := range policyRows() {
		given[row.reason] = true
	}
	reasons := gateway.Reasons()
	for i, reason := range reasons {
		if !given[reason] {
			t.Errorf("no row is refused for %s", reason)
		}
		if slices.Contains(reasons[:i], reason) {
			t.Errorf("%s is listed twice", reason)
		}
	}
}

func TestAccepted(t *testing.T) {
	for _, row := range []struct{ name, header, token string }{
		{"as RFC 6750 writes it", "Bearer a.b.c", "a.b.c"},
		{"lower case", "bearer a.b.c", "a.b.c"},
		{"upper case", "BEARER a.b.c", "a.b.c"},
		{"several spaces", "Bearer   a.b.c", "a.b.c"},
		{"syntax is left to the verifier", "Bearer a%b=c", "a%b=c"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var observer outcomes
			g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll), Observer: &observer})
			called := 0
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", row.header)
			w := httptest.NewRecorder()
			g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				called++
				token, ok := gateway.FromContext(r.Context())
				if !ok || token.ID() != "id of "+row.token {
					t.Errorf("FromContext: %+v, %t", token, ok)
				}
				w.WriteHeader(http.StatusTeapot)
			})).ServeHTTP(w, r)
			if called != 1 || w.Code != http.StatusTeapot {
				t.Errorf("handler called %d times, status %d", called, w.Code)
			}
			observer.check(t, "accepted")
		})
	}
}

func TestFromContextOutsideTheGateway(t *testing.T) {
	if token, ok := gateway.FromContext(context.Background()); ok || token != (verifier.Token{}) {
		t.Errorf("got %v, %t from an empty context", token, ok)
	}
}

func TestNewContext(t *testing.T) {
	want := newToken("sub", "alice")
	if token, ok := gateway.FromContext(gateway.NewContext(t.Context(), want)); !ok || token != want {
		t.Errorf("got %v, %t", token, ok)
	}
	if token, ok := gateway.FromContext(gateway.NewContext(t.Context(), verifier.Token{})); ok || token != (verifier.Token{}) {
		t.Errorf("got %v, %t for no token", token, ok)
	}
}

// A token already in the context lets nobody in.
func TestNewContextDoesNotAuthenticate(t *testing.T) {
	g := newGateway(t, gateway.Config{Verifier: rejectFor(errors.New("no"))})
	h := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }))
	for _, authorization := range []string{"", "Bearer a.b.c"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(gateway.NewContext(r.Context(), newToken("sub", "alice"))))
		if w.Code != http.StatusUnauthorized {
			t.Errorf("status %d for Authorization %q", w.Code, authorization)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  gateway.Config
	}{
		{"nothing", gateway.Config{}},
		{"nil verifier in the interface", gateway.Config{Verifier: (*verifier.Verifier)(nil)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if g, err := gateway.New(row.cfg); err == nil || g != nil {
				t.Errorf("got %v, %v; want an error alone", g, err)
			}
		})
	}
}

func TestWrapPanicsWithoutHandler(t *testing.T) {
	g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll)})
	defer func() {
		if recover() == nil {
			t.Error("Wrap(nil) did not panic")
		}
	}()
	g.Wrap(nil)
}

func TestLogNeverHoldsTheToken(t *testing.T) {
	parts := []string{strings.Repeat("header-", 20), strings.Repeat("payload", 20), strings.Repeat("_sign_", 20)}
	raw := strings.Join(parts, ".")
	accept := func(string) (verifier.Token, error) { return newToken("jti", "c3RhcGxlZA"), nil }
	for _, row := range []struct {
		name, path string
		verify     verifyFunc
		want       []string
	}{
		{"accepted", "/orders/7", accept,
			[]string{"level=DEBUG", "issuer=spiffe://test.example/client", "jti=c3RhcGxlZA", "path=/orders/7", "remote=192.0.2.1:1234"}},
		{"accepted, token in the path", "/orders/" + raw, accept, []string{"path=/orders/[token]"}},
		{"rejected", "/orders/7", rejectFor(&stapled.Error{Reason: stapled.StapleStale, Err: errors.New("nextUpdate has passed")}),
			[]string{"level=INFO", "reason=staple_stale", `detail="nextUpdate has passed"`, "path=/orders/7", "remote=192.0.2.1:1234"}},
		{"rejected, token in the path", "/x/" + raw + "/y", rejectFor(errors.New("broken")), []string{"path=/x/[token]/y"}},
		{"rejected, path too long to be searched", "/" + strings.Repeat("x", 500<<10) + raw, rejectFor(errors.New("broken")), []string{`path="[`}},
		{"rejected, signed part in the path", "/x/" + parts[0] + "." + parts[1], rejectFor(errors.New("broken")), []string{"path=/x/[token].[token]"}},
		{"token in the error", "/", rejectFor(fmt.Errorf("cannot read %s", raw)), []string{`detail="cannot read [token]"`}},
		{"payload in the error", "/", rejectFor(fmt.Errorf("cannot read %q", parts[1])), []string{"cannot read", "[token]"}},
		{"line break in the path", "/a%0Alevel=ERROR", rejectFor(errors.New("broken")), []string{`path="/a\nlevel=ERROR"`}},
		{"long path", "/" + strings.Repeat("é", 5000), rejectFor(errors.New("broken")), []string{"é…"}},
		{"long error", "/", rejectFor(errors.New(strings.Repeat("x", 5000))), []string{"x…"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log logBuffer
			g := newGateway(t, gateway.Config{Verifier: row.verify, Logger: log.logger()})
			r := httptest.NewRequest("GET", row.path+"?secret=of-the-query&t="+raw, nil)
			r.Header.Set("Authorization", "Bearer "+raw)
			g.Wrap(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
			got := log.String()
			for _, want := range row.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in the log:\n%s", want, got)
				}
			}
			for _, secret := range append(parts, "secret", "of-the-query") {
				if strings.Contains(got, secret) {
					t.Errorf("%q is in the log:\n%s", secret, got)
				}
			}
			if strings.Count(got, "\n") != 1 || len(got) > 1000 {
				t.Errorf("want one line of at most 1000 bytes, got %d:\n%s", len(got), got)
			}
		})
	}
}

func TestConcurrentRequestsKeepTheirTokens(t *testing.T) {
	var log logBuffer
	var observer outcomes
	g := newGateway(t, gateway.Config{Logger: log.logger(), Observer: &observer, Verifier: verifyFunc(func(raw string) (verifier.Token, error) {
		if strings.HasPrefix(raw, "bad") {
			return verifier.Token{}, &stapled.Error{Reason: stapled.SignatureInvalid, Err: errors.New("no")}
		}
		return acceptAll(raw)
	})})
	h := g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := gateway.FromContext(r.Context())
		io.WriteString(w, token.ID())
	}))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			raw, status, body := fmt.Sprintf("good.%d", i), 200, fmt.Sprintf("id of good.%d", i)
			if i%2 == 1 {
				raw, status, body = fmt.Sprintf("bad.%d", i), 401, "unauthorized\n"
			}
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+raw)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != status || w.Body.String() != body {
				t.Errorf("%s: %d %q", raw, w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	if got := strings.Count(log.String(), "\n"); got != 100+loglimit.Burst {
		t.Errorf("%d log lines, want one for each of 100 accepted requests and %d for the rest", got, loglimit.Burst)
	}
	slices.Sort(observer.list)
	observer.check(t, append(slices.Repeat([]string{"accepted"}, 100), slices.Repeat([]string{"signature_invalid"}, 100)...)...)
}
