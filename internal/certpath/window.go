// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath

import (
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Window is a time range, both ends inclusive (RFC 5280 §4.1.2.5).
type Window struct{ NotBefore, NotAfter time.Time }

// Check compares a time with the window. The leeway moves the beginning only. It
// returns CertificateExpired, CertificateNotYetValid or nil.
func (w Window) Check(now time.Time, leeway time.Duration) error {
	if now.After(w.NotAfter) {
		return stapled.Errorf(stapled.CertificateExpired, "the chain is valid until %s, and it is %s", timetext.Stamp(w.NotAfter), timetext.Stamp(now))
	}
	if now.Before(w.NotBefore.Add(-leeway)) {
		return stapled.Errorf(stapled.CertificateNotYetValid, "the chain is valid from %s, and it is %s", timetext.Stamp(w.NotBefore), timetext.Stamp(now))
	}
	return nil
}

// intersectWindows returns when every certificate of the path is valid.
func (p *Path) intersectWindows() Window {
	w := Window{NotBefore: p.Top.NotBefore, NotAfter: p.Top.NotAfter}
	for _, c := range p.Chain {
		if c.NotBefore.After(w.NotBefore) {
			w.NotBefore = c.NotBefore
		}
		if c.NotAfter.Before(w.NotAfter) {
			w.NotAfter = c.NotAfter
		}
	}
	return w
}
