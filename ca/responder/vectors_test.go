// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ocsp"
)

// TestVectorResponderRequests answers requests that other projects publish.
// None of them names an issuer of ours, so a well-formed one is unauthorized.
func TestVectorResponderRequests(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("STAPLED_VECTORS")
	if dir == "" {
		t.Skip("STAPLED_VECTORS is unset: it names the directory of the third-party vectors")
	}
	content, err := os.ReadFile(filepath.Join(dir, "responder-requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name      string
			Request   []byte
			CertID    []byte `json:"cert_id"`
			Suggested string `json:"suggested_answer"`
		}
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 27 {
		t.Fatalf("the file has %d cases, want 27", len(file.Cases))
	}
	ca := newTestCA(t, "CA", newP256(t))
	r := newResponder(t, ca, knownSource)
	const malformed, unauthorized = ocsp.Malformed, ocsp.Unauthorized
	wanted := map[string][]ocsp.ResponseStatus{
		"serve":                      {unauthorized},
		"serve (echo or omit nonce)": {unauthorized},
		"unauthorized or unknown status, never good": {unauthorized},
		"malformedRequest":                           {malformed},
		// CertIDs without a request around them; upstream asserts nothing but
		// that they are survived, and none can be good.
		"no panic": {malformed, unauthorized},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			req := c.Request
			if req == nil {
				req = der(seq(seq(seq(seq(raw(c.CertID...))))))
			}
			want, ok := wanted[c.Suggested]
			if !ok || len(req) == 0 {
				t.Fatalf("case suggests %q with %d bytes, which this test does not know", c.Suggested, len(req))
			}
			_, err := ocsp.ParseResponse(r.Respond(t.Context(), req), ca.cert)
			var re ocsp.ResponseError
			if !errors.As(err, &re) {
				t.Fatalf("got %v, want one of %v", err, want)
			}
			for _, status := range want {
				if re.Status == status {
					return
				}
			}
			t.Errorf("got %s, want one of %v", re.Status, want)
		})
	}
}
