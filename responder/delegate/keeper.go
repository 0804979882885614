// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// A Keeper holds the current delegate, and Run keeps it current. It is safe for
// concurrent use.
type Keeper struct {
	cfg Config

	// Of Run alone.
	use      func(context.Context, *certs.Identity) error
	pending  *certs.Identity // obtained, but not yet taken into use
	due      time.Time       // of the next delegate
	retry    time.Time       // not before this time, after a failure
	failures int             // in a row
	told     string          // the failure that was logged last

	mu      sync.Mutex
	current *certs.Identity // guarded by mu, as is all below
	renewAt time.Time
	unsaved bool
	revoked bool
	failed  Failure
}

// Open returns a Keeper with the delegate in the files. If there is none, or it
// is of no use, Open obtains one and writes it; without Config.Obtain, that is
// an error.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("delegate: %w", err)
	}
	k := &Keeper{cfg: cfg}
	id, err := cfg.load()
	if err == nil {
		if err = Check(id, cfg.Issuer); err != nil {
			err = fmt.Errorf("%s: %w", cfg.CertFile, err)
		}
	}
	// What cannot be read now may be good: only what has been read, or is not
	// there, is replaced.
	var reading *fs.PathError
	switch unreadable := errors.As(err, &reading) && !errors.Is(err, fs.ErrNotExist); {
	case err == nil:
		k.take(id)
		return k, nil
	case cfg.Obtain == nil || unreadable:
		return nil, fmt.Errorf("delegate: %w", err)
	case !errors.Is(err, fs.ErrNotExist):
		cfg.Logger.Warn("the delegate in the file is of no use, obtaining another", "file", cfg.CertFile, "error", err)
	}
	if id, err = k.obtain(ctx); err != nil {
		return nil, fmt.Errorf("delegate: %w", err)
	}
	// At the start, a directory that cannot be written is a mistake to correct.
	if err := Save(id, cfg.CertFile, cfg.KeyFile); err != nil {
		return nil, fmt.Errorf("delegate: save it: %w", err)
	}
	k.take(id)
	cfg.Logger.Info("delegate obtained", describe(id)...)
	return k, nil
}

// Current returns the delegate and its key; nil for the zero Keeper.
func (k *Keeper) Current() *certs.Identity {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current
}

// take makes a delegate the current one.
func (k *Keeper) take(id *certs.Identity) {
	k.due = dueOf(id.Leaf(), time.Now())
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current, k.revoked, k.unsaved = id, false, false
	if k.cfg.Obtain != nil {
		k.renewAt = k.due
	}
}

// obtainTimeout bounds one attempt at a delegate.
const obtainTimeout = time.Minute

// obtain gets a delegate that can be used.
func (k *Keeper) obtain(ctx context.Context) (*certs.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, obtainTimeout)
	defer cancel()
	id, err := k.cfg.Obtain(ctx)
	if err != nil {
		return nil, fmt.Errorf("obtain a delegate: %w", err)
	}
	if err := Check(id, k.cfg.Issuer); err != nil {
		return nil, fmt.Errorf("the delegate that was obtained is of no use: %w", err)
	}
	if k.cfg.Key != nil {
		// NewIdentity refuses a certificate for another key.
		if id, err = certs.NewIdentity(id.Chain, k.cfg.Key); err != nil {
			return nil, fmt.Errorf("the delegate that was obtained is for another key: %w", err)
		}
	}
	return id, nil
}

func describe(id *certs.Identity) []any {
	return []any{
		"subject", certname.Of(id.Leaf()), "serial", fmt.Sprintf("%#x", id.Leaf().SerialNumber), "not_after", timetext.Stamp(id.Leaf().NotAfter),
	}
}
