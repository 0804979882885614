// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
)

// server is a program that limits the headers of requests by default.
type server struct {
	name  string
	limit int
	// whole reports whether the limit is for all headers together, and not for each
	// field.
	whole bool
	// raise is the line that raises the limit; "" if nothing does.
	raise string
}

// servers are in the order of their limits, each by its own documentation.
var servers = []server{
	{"Apache", 8190, false, "LimitRequestFieldSize 32768"},
	{"nginx", 8 << 10, false, "large_client_header_buffers 4 32k;"},
	{"Tomcat", 8 << 10, true, `<Connector maxHttpRequestHeaderSize="32768" ...>`},
	{"Jetty", 8 << 10, true, "jetty.httpConfig.requestHeaderSize=32768"},
	{"grpc-java", 8 << 10, true, "NettyServerBuilder.maxInboundMetadataSize(32768)"},
	{"HAProxy", 15 << 10, true, "tune.bufsize 32768"}, // bufsize of 16 KiB, less maxrewrite
	{"AWS Application Load Balancer", 16 << 10, false, ""},
	{"Node.js", 16 << 10, true, "node --max-http-header-size=32768 ..."},
	{"Envoy", 60 << 10, true, "max_request_headers_kb: 96"},
	{"Go", 1 << 20, true, "http.Server{MaxHeaderBytes: ...}"},
}

const (
	// otherHeaders is what the request line and the headers of a usual request take
	// beside the token.
	otherHeaders = 1 << 10
	// usualClaims is the size of the claims of a usual token: seven registered ones,
	// and a few bytes more.
	usualClaims = 240
	// staplePart is the size of a staple without a signature and certificates.
	staplePart = 240
)

// estimateToken says how large a token of the certificate gets, and which
// servers refuse it.
func (e *examination) estimateToken() {
	if e.cfg.Leaf == nil {
		return
	}
	staple, about := staplePart+signatureSize(e.cfg.Issuer), "if the CA itself signs staples"
	if e.answer.accepted() {
		staple, about = len(e.answer.staple.DER()), "with the staple of its responder"
	}
	e.judgeSize(tokenSize(e.chain(), staple, usualClaims), staple, about)
}

// judgeSize compares the size of a token with what verifiers and servers accept.
func (e *examination) judgeSize(size, staple int, about string) {
	const name = "token.size"
	text := fmt.Sprintf("a token takes about %d bytes, %s", size, about)
	smaller := advise("use ECDSA keys on P-256, short names, and no URLs that nobody needs; or have verifiers trust the intermediate, so that tokens leave it out (docs/issuing.md):", "stapled token --anchor intermediate_ca.crt ...")
	if size > stapled.MaxTokenBytes || staple > stapled.MaxStapleBytes {
		e.report.add(name, Missing, fmt.Sprintf("%s, of which the staple is %d; verifiers accept %d, and staples of %d", text, staple, stapled.MaxTokenBytes, stapled.MaxStapleBytes), smaller)
		return
	}
	var tight []string
	advice := []Advice{smaller}
	for _, s := range servers {
		need := len("Authorization: Bearer ") + size
		if s.whole {
			need += otherHeaders
		}
		if need <= s.limit {
			continue
		}
		tight = append(tight, s.name)
		if s.raise != "" {
			advice = append(advice, advise(fmt.Sprintf("in %s, whose limit is %d:", s.name, s.limit), s.raise))
		}
	}
	if len(tight) == 0 {
		e.report.add(name, OK, text+", which every usual server takes; the least, Apache, takes 8190 in a header")
		return
	}
	e.report.add(name, Warn, fmt.Sprintf("%s, too much for the default settings of %s", text, strings.Join(tight, ", ")), advice...)
}

// tokenSize returns the size of a token's compact serialization, with a staple
// and claims of these sizes.
func tokenSize(chain []*x509.Certificate, staple, claims int) int {
	// Every algorithm but EdDSA has five letters.
	header := len(`{"alg":"ES256","typ":"","kid":"","x5c":[],"ocsp":[""]}`) + len(stapled.Type) + len(certx5c.KeyID(chain[0])) + base64.StdEncoding.EncodedLen(staple)
	for _, value := range certx5c.Encode(chain) {
		header += len(`"",`) + len(value)
	}
	header--
	encoded := base64.RawURLEncoding.EncodedLen
	return encoded(header) + 1 + encoded(claims) + 1 + encoded(signatureSize(chain[0]))
}

// signatureSize returns the size of a JWS signature by the certificate's key.
func signatureSize(c *x509.Certificate) int {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return 2 * ((key.Curve.Params().BitSize + 7) / 8)
	case ed25519.PublicKey:
		return ed25519.SignatureSize
	case *rsa.PublicKey:
		return key.Size()
	}
	return 0
}
