// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// advise says what to do about a responder that does not answer, or whose answer
// is of no use.
func (f tokenFlags) advise(err error) error {
	down := errors.Is(err, stapler.FetchFailed)
	switch {
	case down && f.dir != "":
		return fmt.Errorf("%w: is `stapled up --dir %s` running?", err, f.dir)
	case down:
		return fmt.Errorf("%w: is the responder running, and is this its URL? --ocsp-url names another", err)
	case errors.Is(err, stapler.Unauthorized):
		return fmt.Errorf("%w: ask the responder of that CA with --ocsp-url, or try --ocsp-hash sha1", err)
	case errors.Is(err, stapler.Stale):
		return fmt.Errorf("%w: are the clocks right? --max-staple-age permits older staples, if your verifiers do", err)
	}
	return err
}

// verdicts are what ends the use of a certificate. Everything else can pass or be
// repaired, also an answer that is not authentic: it may be anybody's.
var verdicts = []stapled.Reason{stapled.CertificateRevoked, stapled.CertificateExpired, stapled.StapleUnknown}

// verdictOf returns the verdict on the certificate that an error tells of, or
// nil.
func verdictOf(err error) error {
	for _, verdict := range verdicts {
		if errors.Is(err, verdict) {
			return verdict
		}
	}
	return nil
}

// refusal makes a verdict on the certificate a rejection, which is status 1, and
// leaves everything else alone, which is status 2.
func refusal(err error) error {
	if verdictOf(err) == nil {
		return err
	}
	return &rejection{fmt.Errorf("not signed: %w", err)}
}

// refusedToken is what `stapled token --json` prints with status 1.
type refusedToken struct {
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// refused prints a refusal as JSON, if that is wanted.
func (a *app) refused(err error) error {
	var rejected *rejection
	if !a.json || !errors.As(err, &rejected) {
		return err
	}
	cause := errors.Unwrap(rejected.err)
	result := refusedToken{Reason: verdictOf(cause).Error(), Detail: oneLine(cause)}
	// A missing staple wraps why it is missing.
	if _, after, found := strings.Cut(result.Detail, result.Reason+": "); found {
		result.Detail = after
	}
	if err := a.printJSON(result); err != nil {
		return err
	}
	return &rejection{}
}
