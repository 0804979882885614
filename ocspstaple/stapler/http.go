// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"bytes"
	"context"
	"crypto"
	_ "crypto/sha1" // for Hash: crypto.SHA1, as an identifier
	_ "crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/certname"
)

const (
	requestType  = "application/ocsp-request"
	responseType = "application/ocsp-response"

	// maxGetURL is up to which length of the URL, with the request in it, GET
	// is to be used, which caches serve (RFC 9919 §6).
	maxGetURL = 255

	maxRedirects = 3
)

// HTTPConfig says how to ask a responder over HTTP. Its zero value is usual.
type HTTPConfig struct {
	// URL of the responder, http or https. Default: the first such URL in the
	// authority information access of each certificate (RFC 5280 §4.2.2.1).
	URL string
	// Method is http.MethodGet or http.MethodPost. Default: GET if the URL with
	// the request stays within 255 bytes (RFC 9919 §6), else POST; and POST when
	// the responder does not serve GET, which RFC 6960 A.1 leaves to it.
	Method string
	// Hash names the certificate in the request: crypto.SHA256, or crypto.SHA1
	// for a responder from before RFC 9919. Default crypto.SHA256.
	Hash crypto.Hash
	// Client sends the requests. Default: one with a timeout of ten seconds
	// that follows at most three redirects on the same host, none of them from
	// https to http and none that would change the method.
	Client *http.Client
}

// HTTPFetcher is a [Fetcher] that asks a responder over HTTP (RFC 6960
// Appendix A, profile RFC 9919 §6). Plain http is usual and no weakness: the
// response is signed.
type HTTPFetcher struct{ cfg HTTPConfig }

// NewHTTPFetcher checks the configuration.
func NewHTTPFetcher(cfg HTTPConfig) (*HTTPFetcher, error) {
	if cfg.URL != "" {
		if err := checkURL(cfg.URL); err != nil {
			return nil, err
		}
	}
	switch cfg.Method {
	case "", http.MethodGet, http.MethodPost:
	default:
		return nil, fmt.Errorf("a responder is asked with GET or POST, not %q", cfg.Method)
	}
	switch cfg.Hash {
	case 0:
		cfg.Hash = crypto.SHA256
	case crypto.SHA256, crypto.SHA1:
	default:
		return nil, fmt.Errorf("a CertID is made with SHA-256 or SHA-1, not %s", cfg.Hash)
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: checkRedirect}
	}
	return &HTTPFetcher{cfg}, nil
}

// Fetch asks the responder. The error is an [*Error] with the reason
// FetchFailed that names the URL and what happened.
func (f *HTTPFetcher) Fetch(ctx context.Context, leaf, issuer *x509.Certificate) ([]byte, error) {
	responder, err := f.responder(leaf)
	if err != nil {
		return nil, fail(FetchFailed, "%w", err)
	}
	query, err := ocsp.CreateRequest(leaf, issuer, &ocsp.RequestOptions{Hash: f.cfg.Hash})
	if err != nil {
		return nil, fail(FetchFailed, "making the request: %w", err)
	}
	get := getURL(responder, query)
	switch {
	case f.cfg.Method == http.MethodGet:
		return f.send(ctx, http.MethodGet, get, responder, nil)
	case f.cfg.Method == http.MethodPost || len(get) > maxGetURL:
		return f.send(ctx, http.MethodPost, responder, responder, query)
	}
	der, err := f.send(ctx, http.MethodGet, get, responder, nil)
	var status httpStatus
	if errors.As(err, &status) && status.deniesGet() {
		return f.send(ctx, http.MethodPost, responder, responder, query)
	}
	return der, err
}

// getURL appends the request to the URL of the responder (RFC 6960 A.1).
// Base64 has three characters that do not stand for themselves everywhere in a
// path; all of them are escaped.
func getURL(responder string, query []byte) string {
	return strings.TrimSuffix(responder, "/") + "/" + url.QueryEscape(base64.StdEncoding.EncodeToString(query))
}

// send names the responder in its errors, not the target, which may have the
// request in it.
func (f *HTTPFetcher) send(ctx context.Context, method, target, responder string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fail(FetchFailed, "%w", err)
	}
	req.Header.Set("Accept", responseType)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", requestType)
	}
	if Revalidate(ctx) {
		req.Header.Set("Cache-Control", "no-cache")
	}
	der, err := f.exchange(req)
	if err != nil {
		// *url.Error names the URL that the last redirect led to, without its
		// host, and not the one that is configured.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, fail(FetchFailed, "%s %s: %w", method, responder, err)
	}
	return der, nil
}

func (f *HTTPFetcher) exchange(req *http.Request) ([]byte, error) {
	resp, err := f.cfg.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, httpStatus(resp.StatusCode)
	}
	// A portal or an error page, with status 200, is told by its type.
	got := resp.Header.Get("Content-Type")
	if t, _, err := mime.ParseMediaType(got); err != nil || t != responseType {
		return nil, fmt.Errorf("the answer is of type %.80q, not %s: is this URL a responder's?", got, responseType)
	}
	der, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(der) > maxResponse {
		return nil, fmt.Errorf("the answer has more than %d bytes", maxResponse)
	}
	if len(der) == 0 {
		return nil, errors.New("the answer is empty")
	}
	return der, nil
}

// httpStatus is an answer other than 200.
type httpStatus int

func (s httpStatus) Error() string {
	return strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", int(s), http.StatusText(int(s))))
}

// deniesGet tells whether POST may be served where GET was not.
func (s httpStatus) deniesGet() bool {
	switch s {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusRequestURITooLong, http.StatusNotImplemented:
		return true
	}
	return false
}

// responder is the URL to ask about a certificate.
func (f *HTTPFetcher) responder(leaf *x509.Certificate) (string, error) {
	if f.cfg.URL != "" {
		return f.cfg.URL, nil
	}
	if len(leaf.OCSPServer) == 0 {
		return "", fmt.Errorf("the certificate of %s names no OCSP responder (authority information access): "+
			"configure its URL, or have the CA put it into the certificates", certname.Of(leaf))
	}
	var err error
	for _, candidate := range leaf.OCSPServer {
		if err = checkURL(candidate); err == nil {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("the certificate of %s names no OCSP responder that can be asked: %w", certname.Of(leaf), err)
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	var syntax *url.Error
	if errors.As(err, &syntax) {
		err = syntax.Err // it would repeat the URL, which may hold a password
	}
	if err != nil {
		return fmt.Errorf("the URL of the responder: %w", err)
	}
	if u.User != nil {
		return errors.New("the URL of the responder holds a user name, and OCSP has no use for one")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the URL of the responder is %q: configure one of the form http://host[:port][/path]", raw)
	}
	return nil
}

// checkRedirect keeps to the host that is configured. Whoever is on the network
// of a plain http responder can answer with a redirect, and could make this
// machine send requests to wherever only it can reach.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case req.URL.Scheme != last.URL.Scheme && req.URL.Scheme != "https":
		return fmt.Errorf("redirected from %s to %s", last.URL.Scheme, req.URL.Scheme)
	case req.URL.Hostname() != last.URL.Hostname():
		return fmt.Errorf("redirected to another host, %s: configure its URL if it is the responder's", req.URL.Hostname())
	case req.Method != last.Method:
		return fmt.Errorf("redirected to %s, which drops the request: configure this URL", req.URL)
	}
	return nil
}
