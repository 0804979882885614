// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// cut gives the segments of a token.
func cut(raw string) []string { return strings.Split(raw, ".") }

// splice takes header, payload and signature from one token each.
func splice(header, payload, signature string) string {
	return cut(header)[0] + "." + cut(payload)[1] + "." + cut(signature)[2]
}

func std(der []byte) string { return base64.StdEncoding.EncodeToString(der) }

// unix is a NumericDate so much later than testca.Now.
func unix(later time.Duration) int64 { return testca.Now.Add(later).Unix() }
