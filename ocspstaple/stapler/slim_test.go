// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// Slimming does not bypass the encoding rules: anything but one response is
// refused.
func TestSlimmingRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		reason stapled.Reason
		edit   func(*testca.Response)
	}{
		{"bytes after the response", stapled.StapleMalformed, func(r *testca.Response) { r.Around["OCSPResponse"] = andNull }},
		{"bytes after the certificates", stapled.StapleMalformed, func(r *testca.Response) { r.Inside["BasicOCSPResponse"] = andNull }},
		{"bytes after the list of certificates", stapled.StapleMalformed, func(r *testca.Response) { r.Inside["certs"] = andNull }},
		{"signed by the leaf", stapled.StapleUntrusted, func(r *testca.Response) { r.SigningKey = testca.Key(testca.P256, "client") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAnswering(t)
			a.answer = a.leaf.Staple(testca.SignedBy(a.delegate, a.delegate.Cert, a.leaf.Issuer.Cert), row.edit)
			_, err := a.ask(t, testca.Now)
			if !errors.Is(err, row.reason) {
				t.Errorf("got %v, want %s", err, row.reason)
			}
		})
	}
}

func andNull(der []byte) []byte { return append(bytes.Clone(der), 5, 0) }

// A file from an earlier version, or from another program, may hold the whole
// answer.
func TestSlimsWhatTheFileHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := asking("http://responder.test")
		whole := leaf.Staple(testca.SignedBy(leaf.Issuer, leaf.Issuer.Cert, leaf.Issuer.Issuer.Cert))
		file := filepath.Join(t.TempDir(), "leaf.ocsp")
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := stapler.New(stapler.Config{Chain: leaf.Chain(), File: file})
		if err != nil {
			t.Fatal(err)
		}
		staples, err := s.Current(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if held := staples[0].DER(); bytes.Contains(held, leaf.Issuer.Cert.Raw) || len(held) >= len(whole) {
			t.Errorf("%d of %d bytes are held", len(held), len(whole))
		}
	})
}
