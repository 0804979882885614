// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// ServeHTTP answers requests by POST and GET (RFC 6960 Appendix A), and by
// HEAD. OCSP errors are HTTP 200 with an error response in the body. Only
// requests that are not OCSP at all get an HTTP error.
func (r *Responder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch req.Method {
	case http.MethodPost:
		r.servePost(w, req)
	case http.MethodGet, http.MethodHead: // net/http leaves the body of HEAD out
		r.serveGet(w, req)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		refuse(w, http.StatusMethodNotAllowed, "use GET or POST (RFC 6960 Appendix A.1)")
	}
}

func (r *Responder) servePost(w http.ResponseWriter, req *http.Request) {
	// Appendix A.1 requires the type. A body of another type is a stray form or
	// a probe, not from a client that could read an OCSP error.
	if !isRequestType(req.Header.Get("Content-Type")) {
		w.Header().Set("Accept-Post", ocspwire.RequestType)
		refuse(w, http.StatusUnsupportedMediaType, "send "+ocspwire.RequestType)
		return
	}
	der, err := readBody(w, req)
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
	// §9.3.3), so caching headers are only for GET, as in RFC 9919.
	a := r.respond(req.Context(), der, wantsRevalidation(req.Header))
	if a.etag == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	write(w, a)
}

// isRequestType reports whether a Content-Type is that of a request, with or
// without parameters. Almost every client sends exactly the name.
func isRequestType(value string) bool {
	if value == ocspwire.RequestType {
		return true
	}
	t, _, err := mime.ParseMediaType(value)
	return err == nil && t == ocspwire.RequestType
}

// readBody reads the body, up to the limit. If its length is known and permitted,
// as it almost always is, it takes no more memory than that.
func readBody(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	if 0 < req.ContentLength && req.ContentLength <= MaxRequestSize {
		der := make([]byte, req.ContentLength)
		_, err := io.ReadFull(req.Body, der)
		return der, err
	}
	return io.ReadAll(http.MaxBytesReader(w, req.Body, MaxRequestSize))
}

func (r *Responder) serveGet(w http.ResponseWriter, req *http.Request) {
	// URL.Path is decoded once: %2F and '/', %2B and '+', %3D and '=' look the
	// same. Clients that join URLs carelessly send several slashes at the
	// beginning. Remove them all: the DER of a request begins with 0x30, so its
	// base64 begins with M.
	encoded := strings.TrimLeft(req.URL.Path, "/")
	if len(encoded) > base64.StdEncoding.EncodedLen(MaxRequestSize) {
		refuse(w, http.StatusRequestURITooLong, fmt.Sprintf("send at most %d bytes", MaxRequestSize))
		return
	}
	a := r.respond(req.Context(), decodePath(encoded), wantsRevalidation(req.Header))
	if a.etag == "" {
		w.Header().Set("Cache-Control", "no-store")
		write(w, a)
		return
	}
	setCacheHeaders(w.Header(), a, r.now())
	if isKnown(req.Header, a) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, a)
}

// decodePath returns nil if the path is not base64; nil is a malformed request.
func decodePath(encoded string) []byte {
	if strings.ContainsAny(encoded, "\r\n") { // the decoder would skip them
		return nil
	}
	encoding := base64.StdEncoding
	if len(encoded)%4 != 0 { // without its padding
		encoding = base64.RawStdEncoding
	}
	der, err := encoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil
	}
	return der
}

// wantsRevalidation reports whether the client refuses cached answers (RFC 9111
// §5.2.1.4), for example because it already has the same one.
func wantsRevalidation(h http.Header) bool {
	for _, field := range h.Values("Cache-Control") {
		for directive := range strings.SplitSeq(field, ",") {
			if strings.EqualFold(strings.TrimSpace(directive), "no-cache") {
				return true
			}
		}
	}
	return false
}

// setCacheHeaders implements RFC 9919 §7.2. max-age overrides Expires (RFC 9111
// §5.3). It is half of the time left until nextUpdate, so that a cache gives
// its clients a usable response, and never delays a revocation for the whole
// validity. The time left shrinks while an answer is reused.
func setCacheHeaders(h http.Header, a answer, now time.Time) {
	maxAge := max(0, int(a.window.nextUpdate.Sub(now)/time.Second/2))
	h.Set("Last-Modified", a.window.thisUpdate.Format(http.TimeFormat))
	h.Set("Expires", a.window.nextUpdate.Format(http.TimeFormat))
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", fmt.Sprintf("max-age=%d, public, no-transform, must-revalidate", maxAge))
}

// isKnown reports whether the client already has the answer, by the precedence
// of RFC 9110 §13.2.2: If-None-Match takes precedence over If-Modified-Since.
func isKnown(h http.Header, a answer) bool {
	if fields := h.Values("If-None-Match"); len(fields) > 0 {
		return etagMatches(strings.Join(fields, ","), a.etag)
	}
	if !a.dated {
		return false
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !a.window.thisUpdate.After(since)
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
	// Canonical names: Set would look for each character that is not.
	h := w.Header()
	h["Content-Type"] = []string{ocspwire.ResponseType}
	h["Content-Length"] = []string{strconv.Itoa(len(a.der))}
	// This fails only if the client has gone; there is nobody to tell.
	_, _ = w.Write(a.der)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, message, code)
}
