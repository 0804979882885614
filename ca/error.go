// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

// Server is one of the servers of a CA.
type Server string

// The servers.
const (
	APIServer  Server = "CA"
	OCSPServer Server = "OCSP"
	// InsecureServer is the server of insecureAddress in ca.json.
	InsecureServer Server = "insecureAddress"
)

// AddressError is the cause of an error with the reason [stapled.AddressInUse]:
// which server cannot listen, and where.
type AddressError struct {
	Server  Server
	Address string
	Err     error
}

// Error returns the text of the cause.
func (e *AddressError) Error() string {
	if e.Err == nil {
		return "the CA cannot listen"
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *AddressError) Unwrap() error { return e.Err }
