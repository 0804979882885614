// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// readTime reads a Time (RFC 5280 §5.1.2.4): YYMMDDHHMMSSZ as UTCTime, or
// YYYYMMDDHHMMSSZ as GeneralizedTime.
func readTime(input *cryptobyte.String) (time.Time, bool) {
	seconds, ok := readSeconds(input)
	return time.Unix(seconds, 0).UTC(), ok
}

// readSeconds reads a Time as seconds since 1970. It is much faster than
// [time.Parse], and a list may have millions of them.
func readSeconds(input *cryptobyte.String) (int64, bool) {
	var text cryptobyte.String
	var tag cbasn1.Tag
	if !input.ReadAnyASN1(&text, &tag) {
		return 0, false
	}
	for i, c := range text {
		if last := i == len(text)-1; last && c != 'Z' || !last && (c < '0' || c > '9') {
			return 0, false
		}
	}
	var year int
	switch {
	case tag == cbasn1.UTCTime && len(text) == len("YYMMDDHHMMSSZ"):
		// The years from 1950 to 2049 (RFC 5280 §4.1.2.5.1).
		if year = digits(text[:2]); year < 50 {
			year += 100
		}
		year, text = 1900+year, text[2:]
	case tag == cbasn1.GeneralizedTime && len(text) == len("YYYYMMDDHHMMSSZ"):
		year, text = 100*digits(text[:2])+digits(text[2:4]), text[4:]
	default:
		return 0, false
	}
	month, day, hour, minute, second := digits(text), digits(text[2:]), digits(text[4:]), digits(text[6:]), digits(text[8:])
	if hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	// time.Date takes the 30th of February for the 2nd of March.
	return at.Unix(), at.Month() == time.Month(month)
}

// digits returns the number that two digits write.
func digits(text []byte) int { return 10*int(text[0]-'0') + int(text[1]-'0') }
