// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// maxGetURL is the longest URL, including the request, for which to use GET,
// which caches serve (RFC 9919 §6).
const maxGetURL = 255

// HTTPConfig says how to ask a responder over HTTP. The zero value suits most
// responders.
type HTTPConfig struct {
	// URL of the responder, http or https. Default: the URLs in the authority
	// information access of each certificate (RFC 5280 §4.2.2.1), up to four.
	// The fetcher asks the next one if one does not answer, answers with an
	// error, or gives an unusable answer. It starts with the one that answered
	// last. Each gets an equal share of the time left until the context's
	// deadline.
	URL string
	// Method is http.MethodGet or http.MethodPost. Default: GET if the URL with
	// the request fits in 255 bytes (RFC 9919 §6), else POST; also POST if the
	// responder does not serve GET, which RFC 6960 A.1 makes optional.
	Method string
	// Hash identifies the certificate in the request: crypto.SHA256, or
	// crypto.SHA1 for a responder from before RFC 9919. Default: SHA-256, and
	// SHA-1 if the responder answers unauthorized or does not know the
	// certificate. The fetcher remembers which hash worked for each responder,
	// until the other one works.
	Hash crypto.Hash
	// Client sends the requests. Default: one with a timeout of ten seconds
	// that follows at most three redirects on the same host, but none from
	// https to http and none that would change the method.
	Client *http.Client
}

// HTTPFetcher is a [Fetcher] that asks a responder over HTTP (RFC 6960 Appendix
// A, profile RFC 9919 §6). Plain http is usual and not a weakness: the response
// is signed.
type HTTPFetcher struct {
	cfg   HTTPConfig
	known knowledge
}

// NewHTTPFetcher returns a fetcher, or an error if the configuration is
// invalid.
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
	case 0, crypto.SHA256, crypto.SHA1:
	default:
		return nil, fmt.Errorf("a CertID is made with SHA-256 or SHA-1, not %s", cfg.Hash)
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: checkRedirect}
	}
	return &HTTPFetcher{cfg: cfg}, nil
}

// Fetch asks the responders one after the other, until one gives an answer that
// Request.Usable accepts. The error is a [*stapled.Error] that names each URL
// and what happened. Its reason is FetchFailed, ResponderError, or the one from
// Usable. It is StapleUnknown only if every responder says so.
func (f *HTTPFetcher) Fetch(ctx context.Context, req Request) ([]byte, error) {
	if f.cfg.Client == nil {
		return nil, fail(stapled.ConfigInvalid, "this HTTPFetcher was not made by stapler.NewHTTPFetcher")
	}
	if req.Certificate == nil || req.Issuer == nil {
		return nil, fail(stapled.ConfigInvalid, "a Request needs a Certificate and an Issuer")
	}
	list, err := f.responders(req.Certificate)
	if err != nil {
		return nil, fail(stapled.FetchFailed, "%w", err)
	}
	var failures []*stapled.Error
	for n, responder := range list {
		der, failure := f.ask(ctx, responder, len(list)-n, req)
		if failure == nil {
			return der, nil
		}
		failures = append(failures, failure)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, together(failures)
}

// ask asks one responder. Unless the configuration sets the hash of the CertID,
// it asks again with the other hash if that might be the problem.
func (f *HTTPFetcher) ask(ctx context.Context, responder string, sharers int, req Request) ([]byte, *stapled.Error) {
	if deadline, ok := ctx.Deadline(); ok && sharers > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(sharers))
		defer cancel()
	}
	if f.cfg.Hash != 0 {
		return f.question(ctx, responder, f.cfg.Hash, req)
	}
	hash, other := f.known.hashes(responder)
	der, failure := f.question(ctx, responder, hash, req)
	if failure == nil || !mayBeTheHash(failure) {
		return der, failure
	}
	der, second := f.question(ctx, responder, other, req)
	switch {
	case second == nil:
		return der, nil
	case second.Reason == stapled.FetchFailed:
		return nil, second // it is unknown whether the hash was the problem
	}
	failure.Err = fmt.Errorf("%w (asked with %s and %s CertIDs)", failure.Err, hash, other)
	return nil, failure
}

// mayBeTheHash reports whether a responder that knows only CertIDs with the
// other hash fails this way.
func mayBeTheHash(failure *stapled.Error) bool {
	return errors.Is(failure, Unauthorized) || failure.Reason == stapled.StapleUnknown || failure.Reason == stapled.StapleNotYetKnown
}

// question asks one responder once, with GET, or with POST if the responder
// does not serve GET.
func (f *HTTPFetcher) question(ctx context.Context, responder string, hash crypto.Hash, req Request) ([]byte, *stapled.Error) {
	query, err := ocspwire.Request(req.Certificate, req.Issuer, hash)
	if err != nil {
		return nil, fail(stapled.FetchFailed, "making the request: %w", err)
	}
	get := ocspwire.GetURL(responder, query)
	post := f.cfg.Method == http.MethodPost || f.cfg.Method == "" && len(get) > maxGetURL
	var got answer
	var failure *stapled.Error
	if !post {
		got, failure = f.send(ctx, http.MethodGet, get, responder, nil, req.Revalidate)
		post = f.cfg.Method == "" && failure != nil && deniesGet(failure)
	}
	if post {
		got, failure = f.send(ctx, http.MethodPost, responder, responder, query, req.Revalidate)
	}
	if failure != nil {
		return nil, failure
	}
	if req.Usable == nil {
		return got.der, nil
	}
	if err := req.Usable(got.der); err != nil {
		return nil, about(busy(got.retryAfter, err), responder)
	}
	f.known.answered(responder, hash)
	return got.der, nil
}

// together combines the failures of all responders. StapleUnknown is a verdict,
// so it becomes the reason only if all responders give it.
func together(failures []*stapled.Error) *stapled.Error {
	if len(failures) == 1 {
		return failures[0]
	}
	decides := max(0, slices.IndexFunc(failures, func(e *stapled.Error) bool { return e.Reason != stapled.StapleUnknown }))
	text, longest := failures[decides].Err, retryAfter(failures[decides])
	for n, other := range failures {
		longest = max(longest, retryAfter(other))
		if n != decides {
			// Not wrapped: errors.Is must find only the deciding failure.
			text = fmt.Errorf("%w; %v", text, other)
		}
	}
	return &stapled.Error{Reason: failures[decides].Reason, Err: busy(longest, text)}
}
