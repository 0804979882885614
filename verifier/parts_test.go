// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/asn1"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// The parts of a certificate that was parsed before count as well: a warm
// verifier refuses what a cold one refuses.
func TestPartsOfKnownCertificates(t *testing.T) {
	w := theWorld()
	usages := func(n int) testca.Edit {
		return func(t *testca.Template) {
			t.ExtKeyUsage = append(t.ExtKeyUsage, 0) // any, so that it may issue leaves
			for i := range n {
				t.UnknownExtKeyUsage = append(t.UnknownExtKeyUsage, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 3, i})
			}
		}
	}
	ca := w.root.Intermediate(testca.Named("Many usages"), usages(110))
	first := ca.Leaf()
	known, _, _ := stranger.Parts(ca.Cert)
	parts, _, _ := stranger.Parts(first.Cert)
	last := ca.Leaf(usages(stapled.MaxParts - known - parts)) // and one more for any
	for _, c := range []struct {
		name string
		warm bool
	}{{"cold", false}, {"warm", true}} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, w.config(&clock{testca.Now}))
			if c.warm {
				mustAccept(t, v, first.Token())
			}
			mustReject(t, v, last.Token(), stapled.ChainInvalid)
		})
	}
}
