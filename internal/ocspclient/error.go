// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspclient

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// ErrorStatus is an OCSPResponse without an answer (RFC 6960 §2.3). It is not
// signed, so it proves nothing.
type ErrorStatus struct{ Status ocspwire.ResponseStatus }

// usualCauses says what usually makes a responder answer with an error.
var usualCauses = map[ocspwire.ResponseStatus]string{
	ocspwire.MalformedRequest: "it does not understand the request: it may not know this hash or nonce: try --hash sha1, and leave out --nonce",
	ocspwire.InternalError:    "something in it failed, often its database or its key: look at its log",
	ocspwire.TryLater:         "it cannot answer now, often because its database or CRL is out of reach: try again, and look at its log",
	ocspwire.SigRequired:      "it wants signed requests, which hardly any client sends: have it take unsigned ones",
	ocspwire.Unauthorized:     "it does not serve the CA of this certificate, or knows that CA by SHA-1 only: try --hash sha1, and check the URL",
}

// Error names the status, and says what usually causes it.
func (e *ErrorStatus) Error() string {
	cause, known := usualCauses[e.Status]
	if !known {
		cause = "RFC 6960 defines no such status: is it damaged?"
	}
	return fmt.Sprintf("the responder answers %s: %s", e.Status, cause)
}

// statusError explains an HTTP status other than 200.
func statusError(code int, method string) error {
	advice := "look at the responder's log"
	other := "--get"
	if method == http.MethodGet {
		other = "POST, without --get"
	}
	switch {
	case code == http.StatusNotFound:
		advice = "check the path of the URL, or try " + other
	case code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented:
		advice = "the responder does not take " + method + ": try " + other
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusProxyAuthRequired:
		advice = "a server in front wants credentials, and OCSP clients send none: open the URL to everybody"
	case code == http.StatusUnsupportedMediaType || code == http.StatusBadRequest:
		advice = "the server does not take OCSP requests by " + method + ": try " + other + ", or another URL"
	case code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout:
		advice = "the responder behind that server may be down: try again"
	case code >= 300 && code < 400:
		advice = "it names no place to go: check the URL"
	}
	return fmt.Errorf("HTTP status %s: %s", strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code))), advice)
}

// explain adds what to do about a connection that failed.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w: use http, which is enough for signed answers, or name the root in SSL_CERT_FILE", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: is the responder running there?", err)
	case errors.As(err, &lookup):
		return fmt.Errorf("%w: check the name in the URL", err)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return errors.New("the server speaks plain HTTP: write the URL with http://")
	case strings.Contains(err.Error(), "malformed HTTP"):
		return fmt.Errorf("the server does not speak HTTP (%w): check the port", err)
	// What net/http says of a server that spoke before it was asked.
	case strings.Contains(err.Error(), "readLoopPeekFail"):
		return errors.New("the server does not speak HTTP, and speaks first: check the port")
	}
	return err
}

// checkRedirect records a redirect, and permits it to the same host only: on
// plain http anybody on the way can send one, and this machine may reach places
// that they cannot.
func (a *Attempt) checkRedirect(req *http.Request, via []*http.Request) error {
	code, from := req.Response.StatusCode, via[len(via)-1].URL
	a.HTTPStatus = code
	where := req.URL.Redacted()
	var refused error
	switch {
	case len(via) > maxRedirects:
		refused = fmt.Errorf("HTTP status %d: more than %d redirects: check the URL", code, maxRedirects)
	case req.URL.Scheme != from.Scheme && req.URL.Scheme != "https":
		refused = fmt.Errorf("HTTP status %d: redirected from %s to %s, which is not followed", code, from.Scheme, req.URL.Scheme)
	case req.URL.Hostname() != from.Hostname():
		refused = fmt.Errorf("HTTP status %d: redirected to another host, %.200s, which is not followed: if that is the responder's, name it with --url", code, where)
	case req.Method != via[0].Method:
		refused = fmt.Errorf("HTTP status %d: redirected to %.200s by %s, which drops the request: name that with --url", code, where, req.Method)
	}
	a.Redirects = append(a.Redirects, Redirect{HTTPStatus: code, Location: where, Followed: refused == nil})
	return refused
}

// CheckURL returns an error unless the URL can be a responder's.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if syntax, ok := errors.AsType[*url.Error](err); ok {
		err = syntax.Err // the full error would repeat the URL
	}
	switch {
	case err != nil:
		return fmt.Errorf("not a URL (%w): write http://host[:port][/path]", err)
	case u.User != nil:
		return errors.New("it holds a user name, and OCSP has no use for one: leave it out")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("neither http nor https: write http://host[:port][/path]")
	case u.Host == "":
		return errors.New("it names no host: write http://host[:port][/path]")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("it has a query or a fragment, and a GET request goes behind the path: write http://host[:port][/path]")
	}
	return nil
}
