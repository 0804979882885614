// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// reasons are the names that `openssl ca` takes and writes, in lower case, and
// the CRLReason that each stands for (RFC 5280 §5.3.1).
var reasons = map[string]uint8{
	"unspecified": 0, "keycompromise": 1, "cacompromise": 2, "affiliationchanged": 3, "superseded": 4,
	"cessationofoperation": 5, "certificatehold": 6, "removefromcrl": 8,
	// Not known to every version.
	"privilegewithdrawn": 9, "aacompromise": 10,
}

// parseRevocation parses the third field of a revoked certificate: a date, a
// reason, and what that reason needs.
func parseRevocation(field []byte) (at time.Time, reason uint8, err error) {
	date, rest, hasReason := strings.Cut(string(field), ",")
	if date == "" {
		return at, 0, errors.New("status is R, but there is no revocation date")
	}
	if at, err = parseTime(date); err != nil {
		return at, 0, fmt.Errorf("revocation: %w", err)
	}
	if !hasReason {
		return at, 0, nil
	}
	name, detail, hasDetail := strings.Cut(rest, ",")
	switch strings.ToLower(name) {
	case "holdinstruction": // the detail names what to do meanwhile
		if detail == "" {
			return at, 0, errors.New("reason holdInstruction has no instruction")
		}
		return at, reasons["certificatehold"], nil
	case "keytime", "cakeytime": // the detail is the invalidity date (§5.3.2)
		if _, err := parseTime(detail); err != nil {
			return at, 0, fmt.Errorf("time of compromise: %w", err)
		}
		if strings.EqualFold(name, "keyTime") {
			return at, reasons["keycompromise"], nil
		}
		return at, reasons["cacompromise"], nil
	}
	reason, known := reasons[strings.ToLower(name)]
	switch {
	case !known:
		return at, 0, fmt.Errorf("reason %.40q is not one that openssl writes, such as keyCompromise", name)
	case hasDetail:
		return at, 0, fmt.Errorf("reason %s is followed by %.40q; only holdInstruction, keyTime and CAkeyTime take a value", name, detail)
	}
	return at, reason, nil
}

// parseTime parses a UTCTime, with seconds or without, or a GeneralizedTime.
func parseTime(text string) (time.Time, error) {
	long := text
	switch len(text) {
	case len("YYMMDDhhmmZ"):
		long = text[:10] + "00Z"
		fallthrough
	case len("YYMMDDhhmmssZ"):
		// 50 and above are of the last century (RFC 5280 §4.1.2.5.1).
		if text[0] < '5' {
			long = "20" + long
		} else {
			long = "19" + long
		}
	}
	// Parse alone would accept fractions of a second.
	t, err := time.Parse("20060102150405Z", long)
	if err != nil || len(long) != len("YYYYMMDDhhmmssZ") {
		return time.Time{}, fmt.Errorf("%.40q is not a date like 270102150405Z or 20270102150405Z", text)
	}
	return t, nil
}
