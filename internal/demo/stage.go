// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/echo"
	"github.com/stapledjwt/stapled/internal/service"
	"github.com/stapledjwt/stapled/internal/stack"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/stepca"
	"github.com/stapledjwt/stapled/verifier"
)

// stage holds the parts of the demo, which would normally run on several
// machines.
type stage struct {
	dir      string
	validity time.Duration
	log      *slog.Logger
	show     *show

	ca     *ca.CA
	client *stepca.Client
	// orders signs tokens; a thief only uses billing's staple.
	orders, billing *party
	// front is the gateway that receives every forgery. back is a replica that
	// never sees the revoked staple.
	front, back *replica

	jobs   sync.WaitGroup
	cancel []context.CancelFunc
	failed chan error

	last last
}

// party is a party with a certificate, staples, and a token to sign.
type party struct {
	identity *certs.Identity
	keeper   *stapler.Stapler
	issuer   *issuer.Issuer
}

// replica is an HTTP server that protects the echo service. It implements
// gateway.Observer to learn what its callers are not told.
type replica struct {
	*service.Service
	client *http.Client

	mu   sync.Mutex
	last decision
}

// decision is what a gateway decided, and what its caller saw.
type decision struct {
	outcome string
	reason  stapled.Reason
	took    time.Duration
	status  int
	// The decision falls between sent and received.
	sent, received time.Time
}

// Observe implements gateway.Observer.
func (g *replica) Observe(e gateway.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = decision{outcome: string(e.Outcome), reason: e.Reason, took: e.Took}
}

// present sends a token in a request, as any client would. It runs one request
// at a time, so the decision that it returns is the last one.
func (g *replica) present(ctx context.Context, token string) (decision, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL()+"/orders", http.NoBody)
	if err != nil {
		return decision{}, fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	sent := time.Now()
	resp, err := g.client.Do(req)
	if err != nil {
		return decision{}, fmt.Errorf("ask the gateway: %w", err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return decision{}, fmt.Errorf("read the answer of the gateway: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.last
	d.status, d.sent, d.received = resp.StatusCode, sent, time.Now()
	return d, nil
}

func (s *stage) startCA(ctx context.Context) error {
	dir := filepath.Join(s.dir, "ca")
	if err := ca.Init(dir, ca.InitConfig{Name: "Demo"}); err != nil {
		return err
	}
	var err error
	if s.ca, err = ca.Open(dir, ca.Config{StapleValidity: s.validity, Logger: s.log}); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = append(s.cancel, cancel)
	s.failed = make(chan error, 8)
	s.jobs.Go(func() {
		if err := s.ca.Run(running); err != nil {
			s.failed <- err
		}
	})
	if s.client, err = stack.NewClient(dir, ""); err != nil {
		return err
	}
	// The addresses already accept connections; the answer comes once it runs.
	return s.client.Health(ctx)
}

// newService enrolls a service and starts keeping its staple fresh.
func (s *stage) newService(ctx context.Context, name string) (*party, error) {
	identity, err := s.client.Enroll(ctx, stepca.EnrollRequest{Name: name, Validity: time.Hour})
	if err != nil {
		return nil, err
	}
	d := &party{identity: identity}
	d.keeper, err = stapler.New(stapler.Config{
		Chain: identity.Chain, Anchor: s.ca.Root(), Logger: s.log,
		// The staples of the demo live for seconds.
		RetryMin: 100 * time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = append(s.cancel, cancel)
	s.jobs.Go(func() {
		// It ends with the demo, or because the certificate is revoked, which is
		// part of the story. Anything else shows as a missing staple.
		if err := d.keeper.Run(running); err != nil {
			s.log.Debug("stapler ended", "error", err)
		}
	})
	if err := d.keeper.Wait(ctx); err != nil {
		return nil, err
	}
	d.issuer, err = issuer.New(issuer.Config{Identity: identity, Staples: d.keeper, Logger: s.log})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (s *stage) newGateway() (*replica, error) {
	anchors, err := certs.NewAnchors(s.ca.Root())
	if err != nil {
		return nil, fmt.Errorf("trust the root of the CA: %w", err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: audience})
	if err != nil {
		return nil, fmt.Errorf("configure the verifier: %w", err)
	}
	// Nothing here outlives the demo, so any free port will do.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on the loopback interface: %w", err)
	}
	g := &replica{
		Service: &service.Service{Listener: l},
		client:  &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}},
	}
	protected, err := gateway.New(gateway.Config{Verifier: v, Logger: s.log, Observer: g})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("configure the gateway: %w", err), l.Close())
	}
	g.Handle(protected.Wrap(echo.Handler{}), s.log)
	g.Start(s.failed)
	return g, nil
}

// close ends everything that was started, even if only half of it was.
func (s *stage) close() error {
	var errs []error
	for _, g := range []*replica{s.front, s.back} {
		if g != nil {
			g.client.CloseIdleConnections()
			errs = append(errs, g.Close(service.ShutdownGrace))
		}
	}
	for _, cancel := range s.cancel {
		cancel()
	}
	s.jobs.Wait()
	if s.ca != nil {
		errs = append(errs, s.ca.Close())
	}
	return errors.Join(errs...)
}
