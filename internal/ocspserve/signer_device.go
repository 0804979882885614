// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"crypto"
	"errors"
	"sync"

	"github.com/stapledjwt/stapled/internal/kmskey"
)

// devices are the keys that are open, by URI. They stay open across reloads,
// because requests in flight may use them. The zero value is empty.
type devices struct {
	mu   sync.Mutex
	keys map[string]*kmskey.Key
}

func (d *devices) open(ctx context.Context, uri string, password []byte) (crypto.Signer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key, ok := d.keys[uri]; ok {
		return key, nil
	}
	key, err := kmskey.Open(ctx, uri, password)
	if err != nil {
		return nil, err
	}
	if d.keys == nil {
		d.keys = make(map[string]*kmskey.Key)
	}
	d.keys[uri] = key
	return key, nil
}

// close closes all of them. Nothing may sign any more.
func (d *devices) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, key := range d.keys {
		errs = append(errs, key.Close())
	}
	d.keys = nil
	return errors.Join(errs...)
}
