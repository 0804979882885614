// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"net/url"
)

// Ready is what `stapled up` prints once everything answers.
type Ready struct {
	CAURL      string `json:"ca_url"`
	OCSPURL    string `json:"ocsp_url"`
	GatewayURL string `json:"gateway_url"`
	Root       string `json:"root"`
	Dir        string `json:"dir"`
	Audience   string `json:"audience"`
	// Listening are the addresses on which it listens, by server: ca, ocsp,
	// gateway, and insecure and metrics where they are on.
	Listening map[string]string `json:"listening"`
	// StapleValidity is as --staple-validity takes it.
	StapleValidity string `json:"staple_validity"`
	MetricsURL     string `json:"metrics_url,omitempty"`
	// CRLURL is at the insecureAddress of ca.json, if that serves the CRL.
	CRLURL string `json:"crl_url,omitempty"`
}

// Elsewhere says where a server listens if its URL does not.
func (r Ready) Elsewhere(server, at string) string {
	u, err := url.Parse(at)
	if err == nil && u.Host == r.Listening[server] {
		return ""
	}
	return ", listening on " + r.Listening[server]
}
