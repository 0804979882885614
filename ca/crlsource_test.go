// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"testing"

	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/crl"
	"github.com/stapledjwt/stapled/stepca"
)

// TestCRLSource holds package responder/crl to the lists of the real step-ca: it
// knows a revocation with the first look after it was acknowledged.
func TestCRLSource(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	edit(t, l, set("insecureAddress", freeAddress(t)))
	edit(t, l, set("crl", map[string]any{"enabled": true, "generateOnRevoke": true, "cacheDuration": "1h"}))
	c, _ := run(t, string(l), Config{})
	client := clientOf(t, string(l))
	source, err := crl.New(crl.Config{Issuer: c.intermediate, URL: "http://" + c.Addresses().Insecure + "/1.0/crl"})
	must(t, err)
	must(t, source.Refresh(t.Context()))
	for _, reason := range []ocspstaple.CRLReason{0, 1, 6} {
		id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
		must(t, err, source.Refresh(t.Context()))
		want := func(code responder.Code) {
			t.Helper()
			st, err := source.Status(t.Context(), id.Leaf().SerialNumber)
			must(t, err)
			if st.Code != code || code == responder.Revoked && st.Reason != int(reason) {
				t.Errorf("%s with reason %d, want %s with reason %d", st.Code, st.Reason, code, reason)
			}
		}
		want(responder.Good)
		must(t, client.Revoke(t.Context(), id.Leaf().SerialNumber, reason, ""), source.Refresh(t.Context()))
		want(responder.Revoked)
	}
}
