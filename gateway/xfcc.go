// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// decodeXFCC decodes the certificate in an X-Forwarded-Client-Cert of exactly
// one element.
//
// Envoy always sends Hash, and sends it in front of the names of the
// certificate, which it does not quote. So a name such as
// "https://a;Cert=…" cannot put another certificate in the place of the real
// one: the hash decides.
func decodeXFCC(value string) ([]byte, error) {
	element, err := parseXFCC(value)
	if err != nil {
		return nil, err
	}
	var der []byte
	switch {
	case element["cert"] != "":
		der, err = decodeOnePEM(element["cert"])
	case element["chain"] != "":
		der, _, err = decodePEM(element["chain"])
	default:
		return nil, errors.New("the element has neither Cert nor Chain, and a hash alone is not enough; " +
			"set cert: true in Envoy's set_current_client_cert_details")
	}
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(der)
	if !strings.EqualFold(element["hash"], hex.EncodeToString(digest[:])) {
		return nil, errors.New("Hash is not the SHA-256 digest of the certificate")
	}
	return der, nil
}

// parseXFCC returns the values of one element by their keys in lower case. A
// name of the certificate may occur several times, and is left out.
func parseXFCC(text string) (map[string]string, error) {
	element := make(map[string]string)
	for more := true; more; {
		key, rest, ok := strings.Cut(text, "=")
		if !ok || key == "" || strings.ContainsAny(key, "\",; ") {
			return nil, errors.New("not a list of keys and values")
		}
		var value string
		var err error
		if value, text, err = cutXFCCValue(rest); err != nil {
			return nil, err
		}
		switch key = strings.ToLower(key); key {
		case "hash", "cert", "chain":
			if _, twice := element[key]; twice {
				return nil, fmt.Errorf("%s occurs twice", key)
			}
			element[key] = value
		}
		switch {
		case text == "":
			more = false
		case text[0] == ',':
			return nil, errors.New("several elements; set forward_client_cert_details: SANITIZE_SET in Envoy")
		default: // a semicolon
			text = text[1:]
		}
	}
	return element, nil
}

// cutXFCCValue returns a value, and what follows it: nothing, or a comma or a
// semicolon and more. In quotes, a backslash stands before a character that is
// meant as itself.
func cutXFCCValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, `,;"`)
		if end < 0 {
			return text, "", nil
		}
		if text[end] == '"' {
			return "", "", errors.New("a quotation mark within a value")
		}
		return text[:end], text[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			if i++; i == len(text) {
				return "", "", errors.New("a quoted value without an end")
			}
			b.WriteByte(text[i])
		case '"':
			rest = text[i+1:]
			if rest != "" && rest[0] != ',' && rest[0] != ';' {
				return "", "", errors.New("a quoted value that goes on after its end")
			}
			return b.String(), rest, nil
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("a quoted value without an end")
}
