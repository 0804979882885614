// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// Run keeps the delegate current until the context ends, and returns its cause.
// It calls use with each new delegate. If use returns an error, the current one
// stays in use, and the new one is offered again. Run may be called once at a
// time.
func (k *Keeper) Run(ctx context.Context, use func(context.Context, *certs.Identity) error) error {
	switch {
	case k.cfg.Issuer == nil:
		return errors.New("delegate: this Keeper was not made by delegate.Open")
	case use == nil:
		return errors.New("delegate: use is nil: give what takes a delegate into use")
	}
	k.use = use
	// Short steps by the wall clock: a timer does not run while a machine
	// sleeps.
	look := time.NewTicker(certs.ReloadInterval)
	defer look.Stop()
	for {
		wait := time.NewTimer(k.untilNext(time.Now()))
		select {
		case <-ctx.Done():
			wait.Stop()
			return context.Cause(ctx)
		case <-wait.C:
			k.step(ctx)
		case <-look.C:
			wait.Stop()
			k.look(ctx)
			k.step(ctx)
		}
	}
}

// untilNext returns the time until the next step, if that is before the next
// look.
func (k *Keeper) untilNext(now time.Time) time.Duration {
	k.mu.Lock()
	revoked := k.revoked
	k.mu.Unlock()
	next := k.retry
	if next.IsZero() && k.cfg.Obtain != nil && !revoked {
		next = k.due
	}
	if next.IsZero() {
		return certs.ReloadInterval
	}
	return min(max(0, next.Sub(now)), certs.ReloadInterval)
}

// look takes a delegate from the files that something else has put there.
func (k *Keeper) look(ctx context.Context) {
	found, err := k.cfg.load()
	k.mu.Lock()
	current, unsaved := k.current, k.unsaved
	k.mu.Unlock()
	switch {
	case err == nil && same(found, current):
		if k.cfg.Obtain == nil {
			k.succeeded()
		}
		return
	// What this Keeper has obtained is newer than what it could not replace.
	case k.cfg.Obtain != nil && (unsaved || err != nil || !found.Leaf().NotAfter.After(current.Leaf().NotAfter)):
		return
	case err == nil:
		err = Check(found, k.cfg.Issuer)
	}
	if err == nil {
		err = k.change(ctx, found)
	}
	if err != nil {
		k.record(ctx, fmt.Errorf("the delegate in %s cannot be used: %w", k.cfg.CertFile, err))
		return // the next look is the next attempt
	}
	k.pending = nil
	k.cfg.Logger.Info("delegate reloaded", describe(found)...)
	k.succeeded()
}

func same(x, y *certs.Identity) bool {
	return slices.EqualFunc(x.Chain, y.Chain, (*x509.Certificate).Equal)
}

// step does what is due.
func (k *Keeper) step(ctx context.Context) {
	now := time.Now()
	// 1. After a failure, nothing before its time.
	if k.cfg.Obtain == nil || now.Before(k.retry) {
		return
	}
	k.mu.Lock()
	current, unsaved := k.current, k.unsaved
	k.mu.Unlock()
	// 2. What is in use, but not on disk.
	if unsaved {
		k.save(ctx, current)
		return
	}
	// 3. A revoked delegate is not replaced.
	if k.isRevoked(ctx, current) || now.Before(k.due) {
		k.retry = time.Time{} // there is nothing to try again
		return
	}
	// 4. Another one, unless one waits to be taken into use.
	if k.pending == nil || Check(k.pending, k.cfg.Issuer) != nil {
		next, err := k.obtain(ctx)
		if err != nil {
			k.fail(ctx, err)
			return
		}
		k.pending = next
	}
	// 5. Into use first: it is good although it may not reach the disk.
	next := k.pending
	if err := k.change(ctx, next); err != nil {
		k.fail(ctx, err)
		return
	}
	k.pending = nil
	k.cfg.Logger.Info("delegate renewed", describe(next)...)
	k.save(ctx, next)
}

// change has a delegate taken into use.
func (k *Keeper) change(ctx context.Context, id *certs.Identity) error {
	if err := k.use(ctx, id); err != nil {
		return fmt.Errorf("take the delegate into use: %w", err)
	}
	k.take(id)
	return nil
}

// save writes the current delegate. Until that succeeds, a restart would find
// the previous one.
func (k *Keeper) save(ctx context.Context, id *certs.Identity) {
	err := Save(id, k.cfg.CertFile, k.cfg.KeyFile)
	k.mu.Lock()
	k.unsaved = err != nil
	k.mu.Unlock()
	if err != nil {
		k.fail(ctx, fmt.Errorf("the delegate is in use, but cannot be saved: %w", err))
		return
	}
	k.succeeded()
}

// isRevoked asks whether the current delegate is revoked. A source that does not
// answer is no verdict; the responder reports it.
func (k *Keeper) isRevoked(ctx context.Context, id *certs.Identity) bool {
	k.mu.Lock()
	known := k.revoked
	k.mu.Unlock()
	if known || k.cfg.Source == nil {
		return known
	}
	status, err := k.cfg.Source.Status(ctx, id.Leaf().SerialNumber)
	if err != nil || status.Code != responder.Revoked {
		return false
	}
	k.mu.Lock()
	k.revoked = true
	k.mu.Unlock()
	k.cfg.Logger.Error("the delegate is revoked: it is not renewed, and clients accept it until its end; "+
		"find out why, then run `stapled ocsp delegate` for a new one", append(describe(id), "revoked_at", timetext.Stamp(status.RevokedAt))...)
	return true
}

// fail records a failure, and puts off the next attempt.
func (k *Keeper) fail(ctx context.Context, err error) {
	current := k.record(ctx, err)
	now := time.Now()
	k.failures++
	k.retry = now.Add(delay(k.failures, current.NotAfter.Sub(now)))
}

// record records a failure, logs it unless it is the one that was logged last,
// and returns the current delegate.
func (k *Keeper) record(ctx context.Context, err error) *x509.Certificate {
	now := time.Now()
	k.mu.Lock()
	current := k.current.Leaf()
	if ctx.Err() == nil { // else Run ends, and nothing has failed
		k.failed = Failure{Err: err, At: now, Since: k.failed.Since}
		if k.failed.Since.IsZero() {
			k.failed.Since = now
		}
	}
	k.mu.Unlock()
	level, text := slog.LevelWarn, "the delegate is not renewed, going on with the current one"
	if isLate(current, now) || errors.Is(err, stapled.Refused) {
		level = slog.LevelError
	}
	if now.After(current.NotAfter) {
		text = "the delegate has ended and is not renewed: clients refuse the responses"
	}
	if told := level.String() + text + err.Error(); told != k.told && ctx.Err() == nil {
		k.told = told
		k.cfg.Logger.Log(ctx, level, text, "not_after", timetext.Stamp(current.NotAfter), "error", err)
	}
	return current
}

func (k *Keeper) succeeded() {
	k.failures, k.retry, k.told = 0, time.Time{}, ""
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed = Failure{}
}
