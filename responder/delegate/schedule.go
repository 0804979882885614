// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate

import (
	"crypto/x509"
	"math/rand/v2"
	"time"
)

// The intervals between attempts, each 50 to 100 % of these.
const (
	firstRetry = 5 * time.Second
	lastRetry  = 5 * time.Minute
)

// dueOf returns when to replace a certificate: at a random time between one half
// and two thirds of its life, so that responders which started together do not
// ask together. If that has passed, it is a quarter of what is left: step-ca
// backdates certificates by a minute, which may be most of a short life.
func dueOf(cert *x509.Certificate, now time.Time) time.Time {
	life := cert.NotAfter.Sub(cert.NotBefore)
	due := cert.NotBefore.Add(life/2 + scale(life/6, rand.Float64()))
	if due.Before(now) {
		due = now.Add(cert.NotAfter.Sub(now) / 4)
	}
	return due
}

// delay returns how long to wait after a number of failures in a row. A tenth
// of what is left bounds it, so that a short life still has several attempts.
func delay(failures int, left time.Duration) time.Duration {
	wait := lastRetry
	if doublings := failures - 1; doublings < 10 {
		wait = min(firstRetry<<doublings, lastRetry)
	}
	if left > 0 {
		wait = min(wait, max(left/10, time.Second))
	}
	return scale(wait, 0.5+0.5*rand.Float64())
}

// isLate reports whether five sixths of the life of a certificate have passed:
// since two thirds at the latest, it should have been replaced.
func isLate(cert *x509.Certificate, now time.Time) bool {
	return cert.NotAfter.Sub(now) < cert.NotAfter.Sub(cert.NotBefore)/6
}

func scale(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }
