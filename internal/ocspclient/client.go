// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ocspclient asks OCSP responders over HTTP (RFC 6960 Appendix A) for
// people who look for a fault: it asks each responder once, exactly as it was
// told, and records what happened on the way. To keep a staple fresh, use
// package ocspstaple/stapler.
package ocspclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Limits on what a responder can cost.
const (
	// DefaultTimeout is how long one responder may take for its whole answer.
	DefaultTimeout = 10 * time.Second
	// MaxResponse is the maximum size of an answer in bytes, as in package
	// stapler.
	MaxResponse  = 64 << 10
	maxRedirects = 3
	// MaxResponders is how many of a certificate's responders are asked.
	MaxResponders = 4
)

// Client asks responders. The zero value uses POST and [DefaultTimeout].
type Client struct {
	// Get asks with GET instead of POST.
	Get bool
	// Timeout is how long one responder may take. 0 means [DefaultTimeout].
	Timeout time.Duration

	transport http.RoundTripper // default: a new connection for each question
}

// Attempt is one question to one responder, and what came of it.
type Attempt struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	// HTTPStatus and ContentType are those of the last answer; absent if there was
	// none.
	HTTPStatus  int    `json:"http_status,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	// Bytes is the size of the last body, and Milliseconds how long it took.
	Bytes        int     `json:"bytes"`
	Milliseconds float64 `json:"milliseconds"`
	// Redirects are those that the responder asked for, followed or not.
	Redirects []Redirect `json:"redirects,omitempty"`
	// Error is why the attempt failed; absent if it did not.
	Error string `json:"error,omitempty"`
	// Clock is the time that the server showed, in whole seconds: its Date, plus the
	// Age that a cache added (RFC 9110 §6.6.1, RFC 9111 §5.1). It is zero if the
	// server did not say.
	Clock time.Time `json:"clock,omitzero"`

	err error
}

// Redirect is an answer that points to another URL (RFC 9110 §15.4).
type Redirect struct {
	HTTPStatus int    `json:"http_status"`
	Location   string `json:"location"`
	Followed   bool   `json:"followed"`
}

// Ask asks the responders in order, until one sends a successful OCSPResponse.
// It returns that response, and one attempt for each responder that it asked.
// The error has one line for each of them.
func (c Client) Ask(ctx context.Context, urls []string, request []byte) ([]byte, []Attempt, error) {
	var attempts []Attempt
	var failures []error
	for _, responder := range urls {
		der, attempt := c.ask(ctx, responder, request)
		attempts = append(attempts, attempt)
		if attempt.err == nil {
			return der, attempts, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", responder, attempt.err))
		if ctx.Err() != nil {
			break
		}
	}
	if len(failures) == 0 {
		return nil, nil, errors.New("there is no responder to ask")
	}
	return nil, attempts, errors.Join(failures...)
}

func (c Client) ask(ctx context.Context, responder string, request []byte) (der []byte, a Attempt) {
	a = Attempt{URL: responder, Method: http.MethodPost}
	if c.Get {
		a.Method = http.MethodGet
	}
	began := time.Now()
	defer func() {
		a.Bytes = len(der)
		a.Milliseconds = float64(time.Since(began).Microseconds()) / 1000
		if a.err != nil {
			der, a.Error = nil, a.err.Error()
		}
	}()
	if a.err = CheckURL(responder); a.err != nil {
		return nil, a
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer cancel()
	target, body := responder, request
	if c.Get {
		target, body = ocspwire.GetURL(responder, request), nil
	}
	req, err := http.NewRequestWithContext(ctx, a.Method, target, bytes.NewReader(body))
	if err != nil {
		a.err = err
		return nil, a
	}
	req.Header.Set("Accept", ocspwire.ResponseType)
	if !c.Get {
		req.Header.Set("Content-Type", ocspwire.RequestType)
	}
	der, a.err = a.exchange(req, c.transport)
	if a.err != nil && errors.Is(context.Cause(ctx), errSlow) {
		a.err = fmt.Errorf("no whole answer within %s: is the responder overloaded, or does a firewall drop packets?", timetext.Duration(timeout))
	}
	return der, a
}

var errSlow = errors.New("the responder takes too long")

// exchange sends the request, and reads the response.
func (a *Attempt) exchange(req *http.Request, transport http.RoundTripper) ([]byte, error) {
	if transport == nil {
		fresh := http.DefaultTransport.(*http.Transport).Clone()
		fresh.DisableKeepAlives = true
		transport = fresh
	}
	client := &http.Client{Transport: transport, CheckRedirect: a.checkRedirect}
	resp, err := client.Do(req)
	if err != nil {
		// *url.Error repeats the URL, and with GET the request.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, explain(err)
	}
	defer resp.Body.Close()
	a.HTTPStatus, a.ContentType = resp.StatusCode, resp.Header.Get("Content-Type")
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		age, _ := strconv.ParseUint(resp.Header.Get("Age"), 10, 31) // 0 without a cache
		a.Clock = date.Add(time.Duration(age) * time.Second)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(resp.StatusCode, a.Method)
	}
	der, err := io.ReadAll(io.LimitReader(resp.Body, MaxResponse+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(der), err)
	case len(der) > MaxResponse:
		return nil, fmt.Errorf("the answer has more than %d KiB, and OCSP responses have a few: is this URL a responder's?", MaxResponse>>10)
	}
	return der, checkResponse(der, a.ContentType)
}

// checkResponse returns nil if the body is a successful OCSPResponse and is
// called one.
func checkResponse(der []byte, contentType string) error {
	status, _, ok := ocspwire.ReadResponse(der)
	kind, _, err := mime.ParseMediaType(contentType)
	named := err == nil && kind == ocspwire.ResponseType
	switch {
	case len(der) == 0:
		return errors.New("the answer is empty: look at the responder's log")
	case !ok && !named && strings.HasPrefix(kind, "text/"):
		return fmt.Errorf("the answer is a page of type %.80q instead of an OCSP response: is this URL a responder's?", contentType)
	case !ok && !named:
		return fmt.Errorf("the answer is of type %.80q, not %s: is this URL a responder's?", contentType, ocspwire.ResponseType)
	case !ok:
		return fmt.Errorf("the answer is called %s, but is no OCSPResponse in DER: is it damaged, or text?", ocspwire.ResponseType)
	case !named:
		return fmt.Errorf("the answer is an OCSP response of type %.80q, which clients refuse: have the responder call it %s (RFC 6960 A.2)", contentType, ocspwire.ResponseType)
	case status != ocspwire.Successful:
		return &ErrorStatus{status}
	}
	return nil
}
