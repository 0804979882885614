// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageText))

// policy lets the page use its own style and nothing else. The empty icon keeps
// browsers from asking for one.
var policy = func() string {
	digest := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// handler serves the page.
type handler struct {
	recorder *Recorder
	facts    func() Facts
}

// New returns a handler for the path /. It calls facts for every page.
//
// On a loopback address it answers only requests for localhost or an IP address:
// otherwise any website could have its own name resolved to that address, and
// then read the page in the browser of somebody who visits the website.
func New(recorder *Recorder, facts func() Facts) (http.Handler, error) {
	if recorder == nil || recorder.now == nil {
		return nil, errors.New("statuspage: the recorder is missing; give it what NewRecorder returned")
	}
	if facts == nil {
		return nil, errors.New("statuspage: facts is nil; give it a function that returns the Facts")
	}
	return &handler{recorder, facts}, nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	switch {
	case rebound(r):
		http.Error(w, "ask for this page by an IP address or as localhost", http.StatusMisdirectedRequest)
		return
	case r.URL.Path != "/":
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	header.Set("Vary", "Accept")
	s := h.recorder.snapshot(h.facts())
	contentType, write := "text/html; charset=utf-8", renderPage
	if wantsJSON(r) {
		contentType, write = "application/json", renderJSON
	}
	body, err := write(s)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", policy)
	// This fails only if the client has gone.
	_, _ = w.Write(body)
}

func renderPage(s Snapshot) ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, newView(s)); err != nil {
		return nil, fmt.Errorf("render the status page: %w", err)
	}
	return b.Bytes(), nil
}

func renderJSON(s Snapshot) ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("render the status: %w", err)
	}
	return append(b, '\n'), nil
}

// wantsJSON reports whether the request has the parameter json, or accepts JSON
// by name.
func wantsJSON(r *http.Request) bool {
	if r.URL.Query().Has("json") {
		return true
	}
	for _, field := range r.Header.Values("Accept") {
		for element := range strings.SplitSeq(field, ",") {
			if media, _, err := mime.ParseMediaType(element); err == nil && media == "application/json" {
				return true
			}
		}
	}
	return false
}

// rebound reports whether a request reached a loopback address under a name that
// is not that of this machine.
func rebound(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	_, err := netip.ParseAddr(host)
	return err != nil && !strings.EqualFold(host, "localhost")
}
