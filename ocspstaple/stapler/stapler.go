// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stapler gets OCSP responses from a responder and keeps one fresh for
// each certificate that needs one.
//
// A [Fetcher] asks the responder; [HTTPFetcher] is the usual one. A [Stapler]
// authenticates each response. It replaces a staple halfway through its
// freshness, and never with an older one. Given a file, it survives a restart
// while the responder is down. It stops for good when the certificate is
// revoked:
//
//	keeper, err := stapler.New(stapler.Config{Chain: identity.Chain, Anchor: root})
//	…
//	go keeper.Run(ctx)
//	err = keeper.Wait(ctx)
//
// It is separate from package ocspstaple so that verifiers, which need only
// that one, do not depend on net/http.
package stapler

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// The defaults of [Config].
const (
	DefaultTimeout  = 15 * time.Second
	DefaultRetryMin = time.Second
	DefaultRetryMax = time.Minute
)

// Config says which staples to keep fresh, and how.
type Config struct {
	// Chain is the leaf-first chain, without the anchor. Required.
	Chain []*x509.Certificate
	// Anchor issued the last certificate of the chain. It is required if that
	// certificate is stapled: if it is the only one, or with StapleChain.
	Anchor *x509.Certificate
	// StapleChain keeps a staple for every certificate of the chain, for
	// verifiers with the same setting. Default: only the leaf. Intermediates
	// seldom name a responder, and those of package ca do not: then Fetcher
	// needs the URL.
	StapleChain bool
	// Fetcher asks the responder. Default: an [HTTPFetcher] that asks the
	// responders named by each certificate (RFC 5280 §4.2.2.1).
	Fetcher Fetcher
	// MaxAge limits the time since a staple's thisUpdate. It must not exceed
	// the verifiers' MaxStapleAge, or they refuse these staples. Default
	// [stapled.DefaultMaxStapleAge], which is also the verifiers' default.
	MaxAge time.Duration
	// Leeway is how far the responder's clock may be ahead. It extends nothing.
	// 0 means [stapled.DefaultLeeway], one minute; [stapled.NoLeeway] means
	// none. At most [stapled.MaxLeeway].
	Leeway time.Duration
	// Timeout limits one question to all responders of a certificate together.
	// Default [DefaultTimeout].
	Timeout time.Duration
	// RetryMin is the wait after the first failure. The wait doubles with every
	// further failure, up to RetryMax. Without a fresh staple, it does not grow
	// beyond five seconds. Defaults [DefaultRetryMin] and [DefaultRetryMax].
	RetryMin, RetryMax time.Duration
	// File keeps the leaf's last staple, as DER, across restarts; the staples
	// of Chain[1], Chain[2]… go to File plus ".1", ".2"…. Its directory must
	// exist. The stapler authenticates what it reads back. Default: no file.
	File string
	// Logger logs every refresh, and outages: the first failure, each new
	// reason, the other failures at growing intervals, and the end. Default: no
	// logs.
	Logger *slog.Logger
	// Observer counts attempts. Default: none.
	Observer Observer
}

// Stapler keeps one fresh staple for each certificate that needs one. It is
// safe for concurrent use.
type Stapler struct {
	cfg       Config
	freshness ocspstaple.Freshness
	subjects  []*subject
	log       *slog.Logger
	now       func() time.Time // time.Now; tests replace it

	running atomic.Bool
	current atomic.Pointer[state]

	mu      sync.Mutex // guards changes of current
	ready   chan struct{}
	isReady bool
}

// state is the current state of a stapler. It is immutable once it is current.
type state struct {
	staples []*ocspstaple.Staple // per subject; nil if none has been received
	failed  []*stapled.Error     // per subject: the last attempt, if it failed
	revoked *stapled.Error       // set once, never taken back
	ended   bool                 // a certificate has expired
}

// New returns a stapler. It checks the configuration, and that each certificate
// of the chain issued the one before it. It reads the file, if any, but asks
// nobody: [Stapler.Run] and [Stapler.Refresh] do. An error is about the
// configuration; New only logs an unusable file.
func New(cfg Config) (*Stapler, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	s := &Stapler{
		cfg:       cfg,
		freshness: ocspstaple.Freshness{MaxAge: cfg.MaxAge, Leeway: cfg.Leeway},
		log:       cfg.Logger,
		now:       time.Now,
		ready:     make(chan struct{}),
	}
	count := 1
	if cfg.StapleChain {
		count = len(cfg.Chain)
	}
	for i := range count {
		issuer := cfg.Anchor
		if i+1 < len(cfg.Chain) {
			issuer = cfg.Chain[i+1]
		}
		if issuer == nil {
			return nil, fmt.Errorf("stapling %s needs the certificate of its issuer, %s: set Config.Anchor", certname.Of(cfg.Chain[i]), certname.IssuerOf(cfg.Chain[i]))
		}
		if err := cfg.Chain[i].CheckSignatureFrom(issuer); err != nil {
			return nil, fmt.Errorf("%s did not issue %s, which names %s: %w", certname.Of(issuer), certname.Of(cfg.Chain[i]), certname.IssuerOf(cfg.Chain[i]), err)
		}
		if f, ok := cfg.Fetcher.(*HTTPFetcher); ok {
			if _, err := f.responders(cfg.Chain[i]); err != nil {
				return nil, err
			}
		}
		s.subjects = append(s.subjects, newSubject(i, cfg.Chain[i], issuer, cfg.File))
	}
	s.current.Store(&state{
		staples: make([]*ocspstaple.Staple, count),
		failed:  make([]*stapled.Error, count),
	})
	s.load()
	return s, nil
}

func (cfg *Config) setDefaults() error {
	if len(cfg.Chain) == 0 || len(cfg.Chain) > stapled.MaxChain {
		return fmt.Errorf("a chain has 1 to %d certificates, not %d", stapled.MaxChain, len(cfg.Chain))
	}
	for _, d := range []struct {
		name         string
		value        *time.Duration
		defaultValue time.Duration
	}{
		{"MaxAge", &cfg.MaxAge, stapled.DefaultMaxStapleAge},
		{"Timeout", &cfg.Timeout, DefaultTimeout},
		{"RetryMin", &cfg.RetryMin, DefaultRetryMin},
		{"RetryMax", &cfg.RetryMax, max(DefaultRetryMax, cfg.RetryMin)},
	} {
		if *d.value < 0 {
			return fmt.Errorf("%s is negative", d.name)
		}
		if *d.value == 0 {
			*d.value = d.defaultValue
		}
	}
	if err := leeway.Check(cfg.Leeway); err != nil {
		return fmt.Errorf("Leeway: %w", err)
	}
	if cfg.RetryMax < cfg.RetryMin {
		return errors.New("RetryMax is shorter than RetryMin")
	}
	if cfg.Fetcher == nil {
		f, err := NewHTTPFetcher(HTTPConfig{})
		if err != nil {
			return err
		}
		cfg.Fetcher = f
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Current returns the staples to sign with: element i is for Chain[i]. All are
// fresh and good at the given time. Otherwise the error is a [*stapled.Error]
// that says which condition fails. Current returns the same slice until a
// staple is refreshed; the caller must not modify it.
func (s *Stapler) Current(now time.Time) ([]*ocspstaple.Staple, error) {
	st := s.current.Load()
	if st == nil {
		return nil, errNotMade()
	}
	if st.revoked != nil {
		return nil, st.revoked
	}
	for i, staple := range st.staples {
		err := s.check(i, staple, now)
		if err == nil {
			continue
		}
		switch last := st.failed[i]; {
		case last == nil:
			return nil, err
		case staple == nil:
			// The cause says all that is known.
			return nil, fail(stapled.StapleMissing, "no staple yet: %w", last)
		default:
			return nil, fail(err.Reason, "%w; no new one: %w", err.Err, last)
		}
	}
	return st.staples, nil
}

// errNotMade is the error of a zero Stapler.
func errNotMade() *stapled.Error {
	return fail(stapled.ConfigInvalid, "this Stapler was not made by stapler.New")
}

func (s *Stapler) check(i int, staple *ocspstaple.Staple, now time.Time) *stapled.Error {
	if staple == nil {
		return fail(stapled.StapleMissing, "no staple yet for %s", s.subjects[i])
	}
	if err := staple.Check(now, s.freshness); err != nil {
		return about(err, s.subjects[i].String())
	}
	return nil
}

// Wait blocks until every staple is available, until it is clear that this will
// never happen, or until the context ends. It returns nil if [Stapler.Current]
// has staples now. The error is a [*stapled.Error], joined with the context's
// cause if the context ended. [Stapler.Run] must be running.
func (s *Stapler) Wait(ctx context.Context) error {
	if s.current.Load() == nil {
		return errNotMade()
	}
	select {
	case <-s.ready:
		_, err := s.Current(s.now())
		return err
	default:
	}
	select {
	case <-s.ready:
		_, err := s.Current(s.now())
		return err
	case <-ctx.Done():
		_, err := s.Current(s.now())
		return errors.Join(err, context.Cause(ctx))
	}
}
