// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/retryafter"
)

const maxRedirects = 3

// server is a list at a URL.
type server struct {
	url     *url.URL
	client  *http.Client
	maxSize int64
	last    *body // what was last taken, without its data; nil for none
}

func newServer(u *url.URL, cfg *Config) *server {
	transport := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
		// A list hardly compresses, and a small answer must not become a large
		// one.
		DisableCompression: true,
		ForceAttemptHTTP2:  true,
		MaxIdleConns:       1,
		IdleConnTimeout:    90 * time.Second,
	}
	return &server{url: u, client: &http.Client{Transport: transport, CheckRedirect: checkRedirect}, maxSize: cfg.MaxSize}
}

func (s *server) String() string { return s.url.Redacted() }

func (s *server) taken(b *body) {
	s.last = &body{size: b.size, digest: b.digest, etag: b.etag, lastModified: b.lastModified}
}

func (s *server) fetch(ctx context.Context, confirm bool) (*body, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/pkix-crl, */*;q=0.5")
	// A cache on the way must ask the CA: otherwise it would add to the bound.
	req.Header.Set("Cache-Control", "no-cache")
	confirm = confirm && s.last != nil
	conditional := confirm && (s.last.etag != "" || s.last.lastModified != "")
	if conditional && s.last.etag != "" {
		req.Header.Set("If-None-Match", s.last.etag)
	} else if conditional {
		req.Header.Set("If-Modified-Since", s.last.lastModified)
	}
	b, err := s.exchange(req, conditional)
	if err != nil {
		// *url.Error names the URL of the last redirect, not the configured one.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("GET %s: %w", s, err)
	}
	if b != nil && confirm && b.digest == s.last.digest {
		s.taken(b) // the same list, perhaps with another ETag
		return nil, nil
	}
	return b, nil
}

// exchange returns nil if the server says that nothing has changed.
func (s *server) exchange(req *http.Request, conditional bool) (*body, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && conditional:
		return nil, nil
	case resp.StatusCode != http.StatusOK:
		status := strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
		if resp.StatusCode == http.StatusNotFound {
			status += ": does the CA publish its CRL at this URL?"
		}
		return nil, &busy{errors.New(status), retryafter.Of(resp.Header, time.Now(), maxRetryAfter)}
	case resp.Header.Get("Content-Encoding") != "":
		return nil, &refusal{fmt.Errorf("the answer has the content encoding %.40q, which was not asked for", resp.Header.Get("Content-Encoding"))}
	case resp.ContentLength > s.maxSize:
		return nil, tooLarge(s, s.maxSize)
	}
	size := resp.ContentLength
	if size < 0 && s.last != nil {
		size = s.last.size + s.last.size/16 // a guess: lists grow slowly
	}
	data, err := readAll(resp.Body, size, s.maxSize)
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if data == nil {
		return nil, tooLarge(s, s.maxSize)
	}
	b := newBody(data)
	b.etag, b.lastModified = validators(resp.Header)
	return b, nil
}

// validators returns the strong validators of an answer (RFC 9110 §8.8). A weak
// one may stay the same while the list changes: a CA can make two lists in a
// second, which is the resolution of Last-Modified.
func validators(header http.Header) (etag, lastModified string) {
	if tag := header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag, ""
	}
	text := header.Get("Last-Modified")
	modified, err := http.ParseTime(text)
	if err != nil {
		return "", ""
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || date.Sub(modified) < time.Second {
		return "", ""
	}
	return "", text
}

// busy is an answer of a server that has no list now.
type busy struct {
	err  error
	wait time.Duration // as Retry-After asks; 0 if it does not
}

func (b *busy) Error() string { return b.err.Error() }
func (b *busy) Unwrap() error { return b.err }

// checkRedirect allows redirects only on the configured host: whoever answers
// for a plain http URL could otherwise make this machine send requests to
// places that only it can reach.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case req.URL.Scheme != last.URL.Scheme && req.URL.Scheme != "https":
		return fmt.Errorf("redirected from %s to %s", last.URL.Scheme, req.URL.Scheme)
	case req.URL.Hostname() != last.URL.Hostname():
		return fmt.Errorf("redirected to another host, %s: configure its URL if the CA publishes its CRL there", req.URL.Hostname())
	}
	return nil
}
