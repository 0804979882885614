// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.step.sm/crypto/kms/apiv1"
	"go.step.sm/crypto/kms/pkcs11"
	"go.step.sm/crypto/kms/uri"
)

// device is an open token, which its keys share.
type device struct {
	*pkcs11.PKCS11
	token, pin string
	users      int
}

// devices are the open tokens, by module. A module is opened once in a process,
// and a failed attempt at opening it again ends every session with it
// (crypto11.Configure finalizes the module): a mistake in a new configuration
// would stop a responder that runs. So what is open is shared, and another token
// of a module in use is refused.
var devices = struct {
	sync.Mutex
	open map[string]*device
}{open: make(map[string]*device)}

var errNoCgo = errors.New("this program was built without cgo, which PKCS #11 needs: build it with CGO_ENABLED=1 and a C compiler")

func openInDevice(ctx context.Context, name string, password []byte) (*Key, error) {
	if !hasCgo {
		return nil, errNoCgo
	}
	u, err := uri.ParseWithScheme("pkcs11", name)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URI of RFC 7512: write pkcs11:module-path=FILE;token=NAME;object=NAME?pin-source=FILE")
	case u.Get("object") == "" && u.Get("id") == "":
		return nil, errors.New("it names no key: add object=NAME or id=HEX")
	}
	if _, err := u.Read("pin-source"); err != nil {
		return nil, fmt.Errorf("pin-source: %w", err)
	}
	pin := u.Pin()
	if pin == "" {
		pin = string(password)
	}
	module := u.Get("module-path")
	token := fmt.Sprintf("%q %q %q", u.Get("token"), u.Get("serial"), u.Get("slot-id"))

	devices.Lock()
	defer devices.Unlock()
	d := devices.open[module]
	switch {
	case d == nil:
		opened, err := pkcs11.New(ctx, apiv1.Options{Type: apiv1.PKCS11, URI: name, Pin: pin})
		if err != nil {
			return nil, fmt.Errorf("open the device: %w; check module-path, token and PIN", err)
		}
		d = &device{PKCS11: opened, token: token, pin: pin}
		devices.open[module] = d
	case d.token != token:
		return nil, errors.New("this process uses another token of the same module, and can use one only: put the keys into one token, or run one process for each")
	case d.pin != pin:
		return nil, errors.New("its PIN is not the one with which the token was opened: restart this process")
	}
	d.users++
	signer, err := d.CreateSigner(&apiv1.CreateSignerRequest{SigningKey: name})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find the key: %w; list the keys with `pkcs11-tool --login --list-objects`", err), d.release(module))
	}
	return &Key{Signer: signer, close: sync.OnceValue(func() error {
		devices.Lock()
		defer devices.Unlock()
		return d.release(module)
	})}, nil
}

// release closes the device after its last user. The caller holds the lock.
func (d *device) release(module string) error {
	if d.users--; d.users > 0 {
		return nil
	}
	delete(devices.open, module)
	return d.Close()
}
