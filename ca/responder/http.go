// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	requestType  = "application/ocsp-request"
	responseType = "application/ocsp-response"
)

// ServeHTTP answers requests by POST and GET (RFC 6960 Appendix A). Errors of
// OCSP are HTTP 200 with an error response inside; only what is no OCSP
// exchange at all gets an HTTP error.
func (r *Responder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch req.Method {
	case http.MethodPost:
		r.servePost(w, req)
	case http.MethodGet:
		r.serveGet(w, req)
	default:
		w.Header().Set("Allow", "GET, POST")
		refuse(w, http.StatusMethodNotAllowed, "use GET or POST (RFC 6960 Appendix A.1)")
	}
}

func (r *Responder) servePost(w http.ResponseWriter, req *http.Request) {
	// Appendix A.1 requires the type. A body of another type is a stray form
	// or a probe, and no client that could read an OCSP error sent it.
	if t, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || t != requestType {
		w.Header().Set("Accept-Post", requestType)
		refuse(w, http.StatusUnsupportedMediaType, "send "+requestType)
		return
	}
	der, err := io.ReadAll(http.MaxBytesReader(w, req.Body, MaxRequestSize))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("send at most %d bytes", MaxRequestSize))
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "the request body broke off")
		return
	}
	// Responses to POST are not cached without explicit headers (RFC 9110
	// §9.3.3), so the caching headers stay with GET, where RFC 9919 has them.
	a := r.respond(req.Context(), der)
	if !a.cacheable() {
		w.Header().Set("Cache-Control", "no-store")
	}
	write(w, a)
}

func (r *Responder) serveGet(w http.ResponseWriter, req *http.Request) {
	// URL.Path is decoded once: %2F and '/', %2B and '+', %3D and '=' have
	// become the same. Only the one slash that starts a path goes.
	encoded := strings.TrimPrefix(req.URL.Path, "/")
	if len(encoded) > base64.StdEncoding.EncodedLen(MaxRequestSize) {
		refuse(w, http.StatusRequestURITooLong, fmt.Sprintf("send at most %d bytes", MaxRequestSize))
		return
	}
	a := r.respond(req.Context(), decodePath(encoded))
	if !a.cacheable() {
		w.Header().Set("Cache-Control", "no-store")
		write(w, a)
		return
	}
	setCacheHeaders(w.Header(), a, r.now())
	if etagMatches(req.Header.Get("If-None-Match"), w.Header().Get("ETag")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, a)
}

// decodePath returns nothing for what is not base64; nothing is malformed.
func decodePath(encoded string) []byte {
	if strings.ContainsAny(encoded, "\r\n") { // the decoder would skip them
		return nil
	}
	der, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil
	}
	return der
}

// setCacheHeaders implements RFC 9919 §7.2. max-age overrides Expires (RFC 9111
// §5.3). It stays at half of what is left until nextUpdate, so that a cache
// gives its clients a response that they can still use, and never holds a
// revocation back for the whole validity.
func setCacheHeaders(h http.Header, a answer, now time.Time) {
	sum := sha256.Sum256(a.der)
	maxAge := max(0, int(a.window.nextUpdate.Sub(now)/time.Second/2))
	h.Set("Last-Modified", a.window.thisUpdate.Format(http.TimeFormat))
	h.Set("Expires", a.window.nextUpdate.Format(http.TimeFormat))
	h.Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	h.Set("Cache-Control", fmt.Sprintf("max-age=%d, public, no-transform, must-revalidate", maxAge))
}

// etagMatches implements the weak comparison of If-None-Match (RFC 9110 §13.1.2).
func etagMatches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || candidate == etag {
			return true
		}
	}
	return false
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", responseType)
	w.Header().Set("Content-Length", fmt.Sprint(len(a.der)))
	// The client has gone if this fails; there is nobody left to tell.
	_, _ = w.Write(a.der)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, message, code)
}
