// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"errors"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled/internal/vectors"
	"golang.org/x/crypto/ocsp"
)

// requestCase is a request, or a CertID without a request around it.
type requestCase struct {
	Name      string
	Request   vectors.DER
	CertID    vectors.DER `json:"cert_id"`
	Suggested string      `json:"suggested_answer"`
}

func (c requestCase) request() []byte {
	if c.Request != nil {
		return c.Request
	}
	return der(seq(seq(seq(seq(raw(c.CertID...))))))
}

// TestVectorResponderRequests answers requests that other projects publish.
// None of them names an issuer of ours, so a well-formed one is unauthorized.
func TestVectorResponderRequests(t *testing.T) {
	suite := vectors.Load[requestCase](t, "responder-requests.json")
	// Each case names its own source.
	suite.Source.Repo = "google/boringssl, aws/aws-lc, pyca/cryptography"
	if len(suite.Cases) != 27 {
		t.Fatalf("the file has %d cases, want 27", len(suite.Cases))
	}
	tally := vectors.NewTally(suite, "requests")
	ca := newTestCA(t, "CA", newP256(t))
	r := newResponder(t, ca, knownSource)
	const malformed, unauthorized = ocsp.Malformed, ocsp.Unauthorized
	wanted := map[string][]ocsp.ResponseStatus{
		"serve":                      {unauthorized},
		"serve (echo or omit nonce)": {unauthorized},
		"unauthorized or unknown status, never good": {unauthorized},
		"malformedRequest":                           {malformed},
		// CertIDs without a request around them. Upstream asserts only that the
		// code survives them, and none can be good.
		"no panic": {malformed, unauthorized},
	}
	for _, c := range suite.Cases {
		t.Run(c.Name, func(t *testing.T) {
			req := c.request()
			want, ok := wanted[c.Suggested]
			if !ok || len(req) == 0 {
				t.Fatalf("case suggests %q with %d bytes, which this test does not know", c.Suggested, len(req))
			}
			_, err := ocsp.ParseResponse(r.Respond(t.Context(), req), ca.cert)
			var re ocsp.ResponseError
			if !errors.As(err, &re) {
				t.Fatalf("got %v, want one of %v", err, want)
			}
			expected := want[0]
			if slices.Contains(want, re.Status) {
				expected = re.Status
			}
			tally.Add(t, c.Name, expected.String(), re.Status.String(), nil)
		})
	}
	tally.Write(t)
}
