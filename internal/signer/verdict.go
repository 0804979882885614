// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package signer

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// Advise adds what to do about a responder that does not answer, or gives an
// unusable answer.
func (f Config) Advise(err error) error {
	down := errors.Is(err, stapled.FetchFailed)
	switch {
	case down && f.Dir != "":
		return fmt.Errorf("%w: is `stapled up --dir %s` running?", err, f.Dir)
	case down:
		return fmt.Errorf("%w: is the responder running, and is this its URL? --ocsp-url names another", err)
	case errors.Is(err, stapler.Unauthorized):
		return fmt.Errorf("%w: ask the responder of that CA with --ocsp-url, or try --ocsp-hash sha1", err)
	case errors.Is(err, stapled.StapleStale):
		return fmt.Errorf("%w: are the clocks right? --max-staple-age permits older staples, if your verifiers do", err)
	}
	return err
}

// verdicts are the reasons that end the use of a certificate. Everything else
// can pass or be repaired, even a forged answer: anyone may have sent it.
var verdicts = []stapled.Reason{stapled.CertificateRevoked, stapled.CertificateExpired, stapled.StapleUnknown}

// VerdictOf returns the verdict on the certificate that an error carries, or
// nil.
func VerdictOf(err error) error {
	for _, verdict := range verdicts {
		if errors.Is(err, verdict) {
			return verdict
		}
	}
	return nil
}
