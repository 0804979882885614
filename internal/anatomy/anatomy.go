// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package anatomy takes a token apart and shows what it says, as `stapled
// inspect` does. It verifies nothing.
package anatomy

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// Anatomy is what a token says; none of it is verified. `stapled inspect
// --json` prints it.
type Anatomy struct {
	// Verified is always false.
	Verified bool      `json:"verified"`
	At       time.Time `json:"at"`
	Bytes    int       `json:"bytes"`
	// Header omits x5c and ocsp, which Chain and Staples show.
	Header  map[string]json.RawMessage `json:"header"`
	Chain   []certificateView          `json:"chain"`
	Staples []stapleView               `json:"staples"`
	Claims  json.RawMessage            `json:"claims"`
	Windows []terminal.Window          `json:"windows"`
	// Problems lists the parts that could not be read.
	Problems []string `json:"problems,omitempty"`
}

// certificateView is one certificate of x5c.
type certificateView struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names,omitempty"`
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"`
	KeyID     string    `json:"key_id"`
	CA        bool      `json:"ca,omitempty"`
}

// Dissect takes a token apart. It returns an error only if it can show nothing.
func Dissect(raw string, now time.Time) (*Anatomy, error) {
	segments := strings.Split(raw, ".")
	if len(segments) != 3 {
		return nil, fmt.Errorf("the input has %s where a token has 3, separated by dots: give one token in compact serialization", terminal.Count(len(segments), "segment"))
	}
	header, err := base64.RawURLEncoding.DecodeString(segments[0])
	if err != nil {
		return nil, fmt.Errorf("the header is not base64url (%w): give one token in compact serialization", err)
	}
	a := &Anatomy{
		At: now.UTC(), Bytes: len(raw),
		// Empty arrays in JSON if nothing can be read.
		Chain: []certificateView{}, Staples: []stapleView{}, Windows: []terminal.Window{},
	}
	if err := json.Unmarshal(header, &a.Header); err != nil || a.Header == nil {
		return nil, errors.New("the header is not a JSON object: give one token in compact serialization")
	}
	chain := a.readChain()
	a.readStaples(chain)
	a.readClaims(segments[1])
	if _, err := base64.RawURLEncoding.DecodeString(segments[2]); err != nil {
		a.problem("the signature is not base64url: %v", err)
	}
	return a, nil
}

func (a *Anatomy) problem(format string, args ...any) {
	a.Problems = append(a.Problems, fmt.Sprintf(format, args...))
}

// take removes a member with an array of strings from the header.
func (a *Anatomy) take(member string) []string {
	raw, ok := a.Header[member]
	if !ok {
		a.problem("the header has no %s", member)
		return nil
	}
	delete(a.Header, member)
	var values []string
	if err := json.Unmarshal(raw, &values); err != nil {
		a.problem("%s is not an array of strings", member)
		return nil
	}
	return values
}

// readChain returns the certificates, with nil for each that cannot be parsed.
func (a *Anatomy) readChain() []*x509.Certificate {
	var chain []*x509.Certificate
	for i, value := range a.take("x5c") {
		parsed, err := certx5c.Parse([]string{value})
		if err != nil {
			a.problem("x5c[%d] is unreadable: %v", i, errors.Unwrap(err))
			chain = append(chain, nil)
			a.Chain = append(a.Chain, certificateView{Subject: "unreadable"})
			continue
		}
		c := parsed[0]
		chain = append(chain, c)
		a.Chain = append(a.Chain, viewCertificate(c))
		name := "certificate"
		if i > 0 {
			name = fmt.Sprintf("x5c[%d]", i)
		} else if names, err := san.Of(c); err == nil && names.Identity() == "" {
			a.problem("x5c[0] has no name that can be an issuer: neither a URI with a host nor the DNS name of a host")
		}
		a.Windows = append(a.Windows, terminal.Window{Name: name, From: c.NotBefore.UTC(), Until: c.NotAfter.UTC()})
	}
	return chain
}

func viewCertificate(c *x509.Certificate) certificateView {
	view := certificateView{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.String(),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		Key: certkey.Name(c), Signature: c.SignatureAlgorithm.String(), KeyID: certx5c.KeyID(c), CA: c.IsCA,
	}
	// Ignore malformed names.
	uris, dnsNames, _ := san.Listed(c)
	for _, uri := range uris {
		view.Names = append(view.Names, "URI:"+uri)
	}
	for _, dns := range dnsNames {
		view.Names = append(view.Names, "DNS:"+dns)
	}
	return view
}

func (a *Anatomy) readStaples(chain []*x509.Certificate) {
	for i, value := range a.take("ocsp") {
		view, err := dissectStaple(value, i, chain)
		if err != nil {
			a.problem("ocsp[%d] is unreadable: %v", i, err)
			a.Staples = append(a.Staples, stapleView{Status: "unreadable"})
			continue
		}
		a.Staples = append(a.Staples, *view)
		name := "staple"
		if i > 0 {
			name = fmt.Sprintf("ocsp[%d]", i)
		}
		// No verifier accepts a staple without an end.
		if view.ThisUpdate != nil && view.NextUpdate != nil {
			a.Windows = append(a.Windows, terminal.Window{Name: name, From: *view.ThisUpdate, Until: *view.NextUpdate})
		}
	}
}

func (a *Anatomy) readClaims(segment string) {
	payload, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		a.problem("the payload is not base64url: %v", err)
		return
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(payload, &object); err != nil || object == nil {
		a.problem("the payload is not a JSON object")
		return
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, payload); err != nil {
		a.problem("the payload is not a JSON object")
		return
	}
	a.Claims = compact.Bytes()
	from, hasFrom := NumericDate(object["nbf"])
	if !hasFrom {
		from, hasFrom = NumericDate(object["iat"])
	}
	until, hasUntil := NumericDate(object["exp"])
	if hasFrom && hasUntil {
		a.Windows = append(a.Windows, terminal.Window{Name: "token", From: from, Until: until})
	} else {
		a.problem("the claims give no window (nbf or iat, and exp)")
	}
}

// NumericDate reads seconds since 1970 (RFC 7519 §2), within the years that a
// certificate can express.
func NumericDate(raw json.RawMessage) (time.Time, bool) {
	const lastSecond = 253402300799 // 9999-12-31
	var seconds float64
	if json.Unmarshal(raw, &seconds) != nil || math.Abs(seconds) > lastSecond {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), true
}
