// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// Extension is an extension of the response or of its SingleResponse.
type Extension struct {
	In       string `json:"in"` // response or single
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Critical bool   `json:"critical"`
	Value    string `json:"value"` // hex
}

const (
	nonceName          = "nonce"
	extendedRevokeName = "extended-revoke"
)

// extensionNames are the extensions of RFC 6960 §4.4, and those of CRL entries
// and certificates that responders use.
var extensionNames = map[string]string{
	"1.3.6.1.5.5.7.48.1.2": nonceName, "1.3.6.1.5.5.7.48.1.3": "CRL references",
	"1.3.6.1.5.5.7.48.1.4": "acceptable responses", "1.3.6.1.5.5.7.48.1.6": "archive cutoff",
	"1.3.6.1.5.5.7.48.1.7": "service locator", "1.3.6.1.5.5.7.48.1.8": "preferred signature algorithms",
	"1.3.6.1.5.5.7.48.1.9": extendedRevokeName, "2.5.29.21": "reason code", "2.5.29.24": "invalidity date",
	"2.5.29.29": "certificate issuer", "1.3.6.1.4.1.11129.2.4.5": "certificate timestamps",
}

func viewExtensions(in string, list []pkix.Extension) []Extension {
	var views []Extension
	for _, ext := range list {
		id := ext.Id.String()
		views = append(views, Extension{In: in, ID: id, Name: extensionNames[id], Critical: ext.Critical, Value: hexOf(ext.Value)})
	}
	return views
}

// Nonce compares the nonce of the request with that of the response (RFC 9654).
type Nonce struct {
	Sent     string `json:"sent,omitempty"`
	Received string `json:"received,omitempty"`
	Result   string `json:"result"`
}

// What became of a nonce.
const (
	Echoed    = "echoed"
	NotEchoed = "not echoed"
	Different = "different"
	// Unasked is a nonce of somebody else's request, in a stored response.
	Unasked = "not sent"
)

// viewNonce returns nil if neither side used a nonce.
func viewNonce(sent []byte, list []pkix.Extension) *Nonce {
	var received []byte
	for _, ext := range list {
		if oidContent(ext.Id) != ocspwire.Nonce {
			continue
		}
		if rest, err := asn1.Unmarshal(ext.Value, &received); err != nil || len(rest) > 0 {
			received = ext.Value // some responders leave out the OCTET STRING
		}
	}
	switch {
	case sent == nil && received == nil:
		return nil
	case sent == nil:
		return &Nonce{Received: hexOf(received), Result: Unasked}
	case received == nil:
		return &Nonce{Sent: hexOf(sent), Result: NotEchoed}
	case bytes.Equal(sent, received):
		return &Nonce{Sent: hexOf(sent), Received: hexOf(received), Result: Echoed}
	}
	return &Nonce{Sent: hexOf(sent), Received: hexOf(received), Result: Different}
}

// text says what the result means.
func (n *Nonce) text() string {
	switch n.Result {
	case Echoed:
		return "sent and echoed: the response was made for this request"
	case NotEchoed:
		return "sent, not echoed: the responder ignores it, or sends stored answers, as RFC 9654 permits"
	case Different:
		return "different from the one sent: this response is not for this request"
	}
	return fmt.Sprintf("of another request, %d octets", len(n.Received)/2)
}

// oidContent returns the content of an object identifier in DER, or "".
func oidContent(id asn1.ObjectIdentifier) string {
	der, err := asn1.Marshal(id)
	if err != nil {
		return ""
	}
	input, content := cryptobyte.String(der), cryptobyte.String(nil)
	if !ocspwire.ReadOID(&input, &content) {
		return ""
	}
	return string(content)
}
