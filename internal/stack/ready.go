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
	// Listening holds the addresses on which the stack listens, by server: ca,
	// ocsp, gateway, and insecure and metrics if they are on.
	Listening map[string]string `json:"listening"`
	// StapleValidity is as --staple-validity takes it.
	StapleValidity string `json:"staple_validity"`
	MetricsURL     string `json:"metrics_url,omitempty"`
	// CRLURL is at the insecureAddress of ca.json, if that serves the CRL.
	CRLURL string `json:"crl_url,omitempty"`
}

// Elsewhere returns where a server listens if its URL does not say.
func (r Ready) Elsewhere(server, at string) string {
	u, err := url.Parse(at)
	if err == nil && u.Host == r.Listening[server] {
		return ""
	}
	return ", listening on " + r.Listening[server]
}
