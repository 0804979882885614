// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// cut returns the segments of a token.
func cut(raw string) []string { return strings.Split(raw, ".") }

// splice combines the header, payload and signature of three tokens.
func splice(header, payload, signature string) string {
	return cut(header)[0] + "." + cut(payload)[1] + "." + cut(signature)[2]
}

func std(der []byte) string { return base64.StdEncoding.EncodeToString(der) }

// unix returns a NumericDate this much later than testca.Now.
func unix(later time.Duration) int64 { return testca.Now.Add(later).Unix() }
