// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/verifier"
)

// The reasons that a gateway adds to those of the verifier.
const (
	// CredentialsMissing: the request has no Authorization header.
	CredentialsMissing verifier.Reason = "credentials_missing"
	// CredentialsMalformed: it has several, or one of another scheme, or one
	// without exactly one token.
	CredentialsMalformed verifier.Reason = "credentials_malformed"
	// Unclassified: the verifier failed without giving a reason. The one of
	// package verifier always gives one.
	Unclassified verifier.Reason = "unclassified"
)

// Reasons lists every reason that a gateway rejects for: its own, and then
// those of [verifier.Reasons].
func Reasons() []verifier.Reason {
	own := []verifier.Reason{CredentialsMissing, CredentialsMalformed, Unclassified}
	return append(own, verifier.Reasons()...)
}

// classify splits an error into its reason and what the log adds to it.
func classify(err error) (reason verifier.Reason, detail string) {
	var e *verifier.Error
	switch {
	case !errors.As(err, &e):
		return Unclassified, err.Error()
	case e == nil || e.Reason == "":
		return Unclassified, "the verifier's error has no reason"
	case e.Err == nil:
		return e.Reason, ""
	}
	return e.Reason, e.Err.Error()
}

const (
	// maxLogged bounds what a stranger can write into a line of the log, and
	// maxSearched what is searched for his token.
	maxLogged   = 256
	maxSearched = 16 << 10
	// minSegment is the length from which a segment of a token is taken for
	// one: shorter ones are words of the text, and no use to a thief.
	minSegment = 16
)

// loggable makes a text fit for the log: short, and without the token. The
// verifier's errors never hold it, but a path can, and so can the errors of
// somebody else's verifier. It is cut segment by segment, because a signed
// payload in a log is as bad. What is too long to be searched is left out whole.
func loggable(text, raw string) string {
	if len(text) > maxSearched {
		return fmt.Sprintf("[%d bytes]", len(text))
	}
	// A text that is longer, or has more segments, is no token.
	if len(raw) <= verifier.MaxTokenBytes {
		for _, segment := range append([]string{raw}, strings.SplitN(raw, ".", 4)...) {
			if len(segment) >= minSegment {
				text = strings.ReplaceAll(text, segment, "[token]")
			}
		}
	}
	if len(text) <= maxLogged {
		return text
	}
	end := maxLogged
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
