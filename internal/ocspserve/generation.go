// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/ledger"
)

// generation is what one configuration leads to, from one reload to the next.
type generation struct {
	cfg         Config
	authorities []*authority
	feeds       map[string]*feed
}

// authority is a CA that the responder answers for.
type authority struct {
	// name is the subject of the CA, with a part of its key if another CA has the
	// same subject.
	name   string
	ca     *x509.Certificate
	source responder.Source
	feeds  []*feed
	signer *signer
	took   func(time.Duration)

	mu       sync.Mutex
	identity *certs.Identity // that signs; guarded by mu
}

func (a *authority) inUse() *certs.Identity {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.identity
}

func (a *authority) use(id *certs.Identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.identity = id
}

// forResponder is the authority with this signer.
func (a *authority) forResponder(id *certs.Identity) responder.Authority {
	made := responder.Authority{Certificate: a.ca, Source: a.source, Signer: timedSigner{id.Key, a.took}}
	if leaf := id.Leaf(); !leaf.Equal(a.ca) {
		made.SignerCertificate = leaf
	}
	return made
}

// building is what a generation is built with.
type building struct {
	log     *slog.Logger
	now     func() time.Time
	ledger  *ledger.Ledger // nil to check a configuration only
	before  *generation    // nil for the first; its sources go on if they stay the same
	devices *devices
	took    func(ca *x509.Certificate) func(time.Duration)
}

// build opens every file of a configuration. It contacts nobody, unless a
// delegate has to be obtained.
func build(ctx context.Context, cfg Config, b building) (_ *generation, err error) {
	g := &generation{cfg: cfg, feeds: make(map[string]*feed)}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.discard(b.before))
		}
	}()
	subjects := make(map[string]int)
	for _, c := range cfg.Authorities {
		a, err := g.open(ctx, c, b)
		if err != nil {
			return nil, err
		}
		subjects[a.name]++
		g.authorities = append(g.authorities, a)
	}
	for _, a := range g.authorities {
		if subjects[a.name] > 1 {
			a.name += " (key " + issuerID(a.ca)[:8] + ")"
		}
	}
	return g, nil
}

func (g *generation) open(ctx context.Context, c Authority, b building) (*authority, error) {
	chain, err := certs.LoadChain(c.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.at, err)
	}
	a := &authority{ca: chain[0], name: label(chain[0].Subject.String())}
	if !a.ca.IsCA || !a.ca.BasicConstraintsValid {
		return nil, fmt.Errorf("%s: %s: the first certificate is not one of a CA: name the file of the CA that issues the certificates", c.at, c.Certificate)
	}
	if mistake := c.rootForIssuer(a.ca); mistake != "" {
		return nil, errors.New(mistake)
	}
	a.took = b.took(a.ca)
	for _, s := range c.Sources {
		f, err := g.feed(s, a.ca, b)
		if err != nil {
			return nil, fmt.Errorf("%s: source %s: %w", c.at, s.name(), err)
		}
		a.feeds = append(a.feeds, f)
	}
	if a.source, err = combine(a.feeds); err != nil {
		return nil, fmt.Errorf("%s: %w", c.at, err)
	}
	if b.ledger != nil {
		if a.source, err = b.ledger.Guard(a.ca, a.source); err != nil {
			return nil, err
		}
	}
	o := signing{ca: a.ca, caFile: c.Certificate, source: a.source, devices: b.devices, log: b.log, check: b.ledger == nil}
	a.signer, err = signerOf(ctx, c.Signer, o)
	switch same := b.unchanged(c.Signer, a.ca); {
	case err != nil && same != nil:
		a.signer = same.signer
		a.use(same.inUse())
	case err != nil:
		return nil, fmt.Errorf("%s: %w", c.Signer.at, err)
	default:
		a.use(a.signer.first)
	}
	id := a.inUse()
	if id == nil {
		return a, nil
	}
	// The responder checks all of them together, but cannot name the file.
	if _, err := responder.New(responder.Config{Authorities: []responder.Authority{a.forResponder(id)}, Now: b.clock(id)}); err != nil {
		return nil, fmt.Errorf("%s: %s", c.Signer.at, strings.TrimPrefix(err.Error(), "responder: authority 0: "))
	}
	return a, nil
}

// rootForIssuer says that the root stands in the place of the intermediate, for
// which a source or the signer would be blamed; empty if not. What it cannot read
// is reported where it is used.
func (c Authority) rootForIssuer(ca *x509.Certificate) string {
	if c.Signer.Certificate == "" {
		return ""
	}
	chain, err := certs.LoadChain(c.Signer.Certificate)
	if err != nil || string(chain[0].RawIssuer) == string(ca.RawSubject) || string(ca.RawIssuer) != string(ca.RawSubject) {
		return ""
	}
	return fmt.Sprintf("%s: %s is the root %s, and the signer's certificate was issued by %s: name the file of the CA that issues the certificates (of step-ca: intermediate_ca.crt)",
		c.at, c.Certificate, certname.Of(ca), certname.IssuerOf(chain[0]))
}

// unchanged returns the authority before a reload that has the same delegate, as
// it is in its file; nil if there is none. That one may have expired, and must
// not keep the rest of the configuration from changing.
func (b building) unchanged(cfg Signer, ca *x509.Certificate) *authority {
	if b.before == nil || cfg.Certificate == "" {
		return nil
	}
	chain, err := certs.LoadChain(cfg.Certificate)
	if err != nil {
		return nil
	}
	for i, a := range b.before.authorities {
		was := b.before.cfg.Authorities[i].Signer
		was.at = cfg.at
		if was == cfg && a.ca.Equal(ca) && a.inUse().Leaf().Equal(chain[0]) {
			return a
		}
	}
	return nil
}

// clock is for the check of one signer. In a reload, Replace checks the time.
func (b building) clock(id *certs.Identity) func() time.Time {
	if b.before == nil {
		return b.now
	}
	return func() time.Time { return id.Leaf().NotBefore }
}

// label makes a text the value of a label, which must be UTF-8.
func label(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// feed returns the source that runs already, if there is the same one.
func (g *generation) feed(s Source, ca *x509.Certificate, b building) (*feed, error) {
	o := opening{ca: ca, now: b.now, log: b.log.With("issuer", ca.Subject.String(), "source", s.name()), check: b.ledger == nil}
	if b.ledger != nil {
		recorder, err := b.ledger.Recorder(ca)
		if err != nil {
			return nil, err
		}
		o.stateDir, o.recorder = g.cfg.StateDir, recorder
	}
	f, err := feedOf(s, o)
	if err != nil {
		return nil, err
	}
	same := g.feeds[f.id]
	if same == nil && b.before != nil {
		same = b.before.feeds[f.id]
	}
	if same != nil {
		err, f = f.close(), same
	}
	g.feeds[f.id] = f
	return f, err
}

// discard closes the sources of a generation that does not take over: all but
// those of the one before, which may be nil.
func (g *generation) discard(before *generation) error {
	var errs []error
	for id, f := range g.feeds {
		if before == nil || before.feeds[id] != f {
			errs = append(errs, f.close())
		}
	}
	return errors.Join(errs...)
}

// combine makes one source: issued by the first, revoked by any.
func combine(feeds []*feed) (responder.Source, error) {
	if len(feeds) == 0 {
		return nil, errors.New("the CA has no source: list one below sources")
	}
	if len(feeds) == 1 {
		return feeds[0].source, nil
	}
	cfg := responder.CombineConfig{Issued: feeds[0].source}
	for _, f := range feeds[1:] {
		cfg.Revoked = append(cfg.Revoked, f.source)
	}
	return responder.Combine(cfg)
}

// firstLook is how long the first look at all sources together may take.
const firstLook = 10 * time.Second

// refresh looks at every source that does not run yet, all at once.
func (g *generation) refresh(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, firstLook)
	defer cancel()
	var wait sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, f := range g.feeds {
		if f.stop != nil || f.refresh == nil {
			continue
		}
		wait.Go(func() {
			if err := f.refresh(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("source %s: %w", f.name, err))
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// forResponder returns all authorities, one of them with this signer if it is
// not nil.
func (g *generation) forResponder(changed *authority, id *certs.Identity) []responder.Authority {
	var all []responder.Authority
	for _, a := range g.authorities {
		switch {
		case a == changed:
			all = append(all, a.forResponder(id))
		case a.inUse() != nil: // nil only in a check, before there is a delegate
			all = append(all, a.forResponder(a.inUse()))
		}
	}
	return all
}

// retire ends the sources and signers that the next generation does not use. It
// is nil at the end of the program.
func (g *generation) retire(next *generation) error {
	kept := make(map[*signer]bool)
	if next != nil {
		for _, a := range next.authorities {
			kept[a.signer] = true
		}
	}
	for _, a := range g.authorities {
		if a.signer.stop != nil && !kept[a.signer] {
			a.signer.stop()
		}
	}
	return g.discard(next)
}
