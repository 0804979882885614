// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
)

// TestRevocationThatNobodyAskedAbout: a source loses a revocation before anybody
// has asked about it, while the responder is down. It is not good again.
func TestRevocationThatNobodyAskedAbout(t *testing.T) {
	for _, row := range []struct {
		name, source, answer string
		save                 func(w *world, number int64, revoked bool)
	}{
		// A CRL does not say whether the certificate has expired.
		{"CRL", "[crl: {file: Issuer/ca.crl, poll: 1s}]", "try later", func(w *world, number int64, revoked bool) {
			if revoked {
				w.crl("Issuer", number, 7)
			} else {
				w.crl("Issuer", number)
			}
		}},
		{"index", "[index: {file: Issuer/index.txt}]", "try later", func(w *world, _ int64, revoked bool) {
			line := "V\t20500101000000Z\t\t07\tunknown\t/CN=seven\n"
			if revoked {
				line = "R\t20500101000000Z\t260101000000Z\t07\tunknown\t/CN=seven\n"
			}
			check(t, certs.WriteFile(filepath.Join(w.dir, "Issuer", "index.txt"), []byte(line)))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, time.Hour, "Issuer")
			text, err := os.ReadFile(w.file)
			check(t, err)
			check(t, certs.WriteFile(w.file, bytes.Replace(text, []byte("[crl: {file: Issuer/ca.crl, poll: 1s}]"), []byte(row.source), 1)))
			row.save(w, 2, true)
			w.start()
			if got := w.metric("stapled_ocsp_ledger_revocations"); got != "1" {
				t.Errorf("%s revocations in the ledger, and nobody has asked; want 1", got)
			}
			w.end()
			row.save(w, 3, false)
			w.start()
			defer w.end()
			if got, _ := w.ask("Issuer", 7); got != row.answer {
				t.Errorf("after the revocation is lost: %s, want %s; log:\n%s", got, row.answer, w.logged())
			}
		})
	}
}
