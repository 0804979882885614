// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/stapledjwt/stapled"
)

// compact is a token in compact serialization (RFC 7515 §7.1), split into its
// segments.
type compact struct {
	header, payload, signature string
	// input is what was signed: header, ".", payload (RFC 7515 §5.2).
	input string
	// rest is what follows the header and its dot.
	rest string
}

// split does the part of step 1 that needs no decoding.
func split(raw string) (compact, error) {
	if len(raw) > stapled.MaxTokenBytes {
		return compact{}, reject(stapled.TooLarge, "%d bytes, more than %d", len(raw), stapled.MaxTokenBytes)
	}
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	// A fourth segment would put a dot into the payload, which base64url then
	// rejects.
	if first <= 0 || last <= first+1 || last == len(raw)-1 {
		return compact{}, reject(stapled.Malformed, "not three segments")
	}
	return compact{
		header: raw[:first], payload: raw[first+1 : last], signature: raw[last+1:],
		input: raw[:last], rest: raw[first+1:],
	}, nil
}

var strictBase64 = base64.RawURLEncoding.Strict()

var errSegment = errors.New("not canonical base64url")

// appendSegment decodes unpadded base64url (RFC 7515 §2) in its only canonical
// form: without line breaks, which encoding/base64 skips silently, and without
// stray trailing bits.
func appendSegment(buffer []byte, segment string) ([]byte, error) {
	start := len(buffer)
	buffer, err := strictBase64.AppendDecode(buffer, []byte(segment))
	if err != nil || base64.RawURLEncoding.EncodedLen(len(buffer)-start) != len(segment) {
		return buffer[:start], errSegment
	}
	return buffer, nil
}

// scratch is the working memory for one verification.
type scratch [2 * stapled.MaxTokenBytes]byte

// segments are the decoded payload and signature, in scratch memory.
type segments struct {
	payload, signature []byte
	// end is the scratch memory used so far; callers append to it.
	end []byte
}

// decode does step 1 for the payload and the signature.
func (t compact) decode(buffer *scratch) (segments, error) {
	payload, err := appendSegment(buffer[:0], t.payload)
	if err != nil {
		return segments{}, reject(stapled.Malformed, "payload: %w", err)
	}
	end, err := appendSegment(payload, t.signature)
	if err != nil {
		return segments{}, reject(stapled.Malformed, "signature: %w", err)
	}
	return segments{payload: payload, signature: end[len(payload):], end: end}, nil
}
