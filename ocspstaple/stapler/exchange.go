// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/retryafter"
)

const maxRedirects = 3

// answer is what a responder sent.
type answer struct {
	der []byte
	// retryAfter is how long the responder asked to wait; 0 if it did not.
	retryAfter time.Duration
}

// send makes one HTTP request. Its errors name the responder, not the target,
// which may contain the request.
func (f *HTTPFetcher) send(ctx context.Context, method, target, responder string, body []byte, revalidate bool) (answer, *stapled.Error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return answer{}, fail(stapled.FetchFailed, "%w", err)
	}
	req.Header.Set("Accept", ocspwire.ResponseType)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", ocspwire.RequestType)
	}
	if revalidate {
		req.Header.Set("Cache-Control", "no-cache")
	}
	got, err := f.exchange(req)
	if err != nil {
		// *url.Error names the URL of the last redirect, without its host, not
		// the configured URL.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return answer{}, fail(stapled.FetchFailed, "%s %s: %w", method, responder, err)
	}
	if status := statusOf(got.der); status != 0 {
		return answer{}, fail(stapled.ResponderError, "%s %s: %w", method, responder, busy(got.retryAfter, status))
	}
	return got, nil
}

func (f *HTTPFetcher) exchange(req *http.Request) (answer, error) {
	resp, err := f.cfg.Client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	wait := retryafter.Of(resp.Header, time.Now(), maxRetryAfter)
	if resp.StatusCode != http.StatusOK {
		return answer{}, busy(wait, httpStatus(resp.StatusCode))
	}
	// Detect a portal or an error page with status 200 by its type.
	kind := resp.Header.Get("Content-Type")
	if t, _, err := mime.ParseMediaType(kind); err != nil || t != ocspwire.ResponseType {
		return answer{}, busy(wait, fmt.Errorf("the answer is of type %.80q, not %s: is this URL a responder's?", kind, ocspwire.ResponseType))
	}
	der, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return answer{}, busy(wait, fmt.Errorf("the answer broke off: %w", err))
	}
	if len(der) > maxResponse {
		return answer{}, busy(wait, fmt.Errorf("the answer has more than %d bytes", maxResponse))
	}
	if len(der) == 0 {
		return answer{}, busy(wait, errors.New("the answer is empty"))
	}
	return answer{der: der, retryAfter: wait}, nil
}

// maxRetryAfter is the longest Retry-After that counts; the stapler's plan has a
// shorter limit.
const maxRetryAfter = 24 * time.Hour

// httpStatus is an answer other than 200.
type httpStatus int

func (s httpStatus) Error() string {
	return strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", int(s), http.StatusText(int(s))))
}

// deniesGet reports whether POST may be served where GET was not.
func deniesGet(err *stapled.Error) bool {
	var status httpStatus
	if !errors.As(err, &status) {
		return errors.Is(err, MalformedRequest)
	}
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusRequestURITooLong, http.StatusNotImplemented:
		return true
	}
	return false
}

// checkRedirect allows redirects only to the configured host. An attacker on
// the network of a plain http responder can answer with a redirect, and could
// make this machine send requests to places that only it can reach.
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
