// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"net/http"
	"time"
)

// TrustForTest replaces the transport of the default client, but keeps its
// redirect policy.
func TrustForTest(f *HTTPFetcher, transport http.RoundTripper) { f.cfg.Client.Transport = transport }

// SetClockForTest replaces the clock.
func SetClockForTest(s *Stapler, now func() time.Time) { s.now = now }
