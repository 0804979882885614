// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/service"
)

// caAddressError names the flag for a CA address that is in use. The address of
// an existing directory is in its certificates and cannot be changed.
func caAddressError(err error, isNew bool) error {
	var inUse *ca.AddressError
	if !errors.As(err, &inUse) {
		return err
	}
	if inUse.Server == ca.InsecureServer {
		return fmt.Errorf("address %s is in use: stop what listens there, or choose another with the key insecureAddress in config/ca.json", inUse.Address)
	}
	flag := "--ca-address"
	if inUse.Server == ca.OCSPServer {
		flag = "--ocsp-address"
	}
	if isNew {
		return service.ListenError(err, inUse.Address, flag)
	}
	return fmt.Errorf("address %s is in use: stop what listens there, or make a new stack (this one keeps its %s)", inUse.Address, flag)
}
