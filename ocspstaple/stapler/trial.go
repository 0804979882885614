// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// youth is how long after notBefore a responder may not know a certificate yet,
// because a replica or a cache lags.
const youth = 10 * time.Minute

// trial is one question about a certificate, and the verdicts on its answers.
type trial struct {
	stapler *Stapler
	subject *subject

	mu sync.Mutex // guards what follows
	// refused holds the reasons why answers were unusable. Other reasons that a
	// fetcher claims are not trusted.
	refused []stapled.Reason
	// der is the last answer judged; staple and err are the judgment.
	der    []byte
	staple *ocspstaple.Staple
	err    *stapled.Error
}

// ask returns a staple and no error if the staple may be used, or a staple and
// the error CertificateRevoked.
func (t *trial) ask(ctx context.Context, revalidate bool) (*ocspstaple.Staple, *stapled.Error) {
	der, err := t.fetch(ctx, Request{
		Certificate: t.subject.cert, Issuer: t.subject.issuer, Revalidate: revalidate, Usable: t.usable,
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	var staple *ocspstaple.Staple
	if err == nil {
		var failure *stapled.Error
		if staple, failure = t.judge(der); failure == nil {
			return staple, nil
		}
		t.refused = append(t.refused, failure.Reason)
		err = failure
	}
	failure := about(err, t.subject.String())
	if failure.Reason != stapled.ResponderError && !slices.Contains(t.refused, failure.Reason) {
		failure.Reason = stapled.FetchFailed // only a response proves more
	}
	return staple, failure
}

// fetch asks, and returns the first outcome. A responder that comes back does
// not answer questions from while it was away: without a fresh staple, and
// until there is an answer, fetch keeps asking again in parallel with the first
// question.
func (t *trial) fetch(ctx context.Context, req Request) ([]byte, error) {
	type outcome struct {
		der []byte
		err error
	}
	ctx, cancel := context.WithTimeout(ctx, t.stapler.cfg.Timeout)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	// The buffer has room for all questions that fit in the time.
	outcomes := make(chan outcome, 2+t.stapler.cfg.Timeout/(urgent/2))
	ask := func() {
		der, err := t.stapler.cfg.Fetcher.Fetch(ctx, req)
		outcomes <- outcome{der, err}
	}
	asking.Go(ask)
	plan := t.stapler.plan()
	silence := func() time.Duration { return plan.jittered(plan.urgent()) }
	for timer := time.NewTimer(silence()); ; timer.Reset(silence()) {
		select {
		case o := <-outcomes:
			timer.Stop()
			return o.der, o.err
		case <-timer.C:
			held := t.stapler.held(t.subject)
			if ctx.Err() == nil && t.stapler.check(t.subject.index, held, t.stapler.now()) != nil {
				asking.Go(ask)
			}
		}
	}
}

// usable implements [Request].Usable. Besides good answers, it accepts two that
// asking another responder would not improve: an authentic revocation, and an
// answer as old as the current staple.
func (t *trial) usable(der []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.judge(der)
	if err == nil || err.Reason == stapled.CertificateRevoked || err.Reason == stapled.StapleNotNewer {
		return nil
	}
	t.refused = append(t.refused, err.Reason)
	return err
}

// judge checks an answer. It returns a staple and an error only if the error is
// CertificateRevoked, which the staple proves.
func (t *trial) judge(der []byte) (*ocspstaple.Staple, *stapled.Error) {
	if t.der == nil || !bytes.Equal(der, t.der) {
		t.der = der
		t.staple, t.err = t.stapler.judge(t.subject, der)
	}
	return t.staple, t.err
}

func (s *Stapler) judge(sub *subject, der []byte) (*ocspstaple.Staple, *stapled.Error) {
	if status := statusOf(der); status != 0 {
		return nil, fail(stapled.ResponderError, "%w", status)
	}
	now := s.now()
	staple, err := sub.examine(der, now, s.freshness)
	switch held := s.held(sub); {
	case isFinal(staple):
		// Regardless of age: an authentic revocation outweighs a good answer of
		// any date.
	case isRevoked(staple) && now.After(staple.FreshUntil(s.freshness)):
		return nil, fail(stapled.StapleStale, "the answer says on hold as of %s", timetext.Stamp(staple.ThisUpdate()))
	case errors.Is(err, stapled.StapleUnknown) && now.Before(sub.cert.NotBefore.Add(youth)):
		return nil, fail(stapled.StapleNotYetKnown, "the responder does not know the certificate, which is valid only since %s: "+
			"its database may lag", timetext.Stamp(sub.cert.NotBefore))
	case err != nil && !isRevoked(staple):
		return nil, reasoned(err)
	case held != nil && !newer(staple, held):
		return nil, fail(stapled.StapleNotNewer, "the responder's answer is from %s, the one held from %s",
			timetext.Stamp(staple.ThisUpdate()), timetext.Stamp(held.ThisUpdate()))
	}
	if isRevoked(staple) {
		return staple, reasoned(err)
	}
	return staple, nil
}

// newer compares thisUpdate, and then nextUpdate: a responder fed by a CRL lets
// the same information stay valid for longer. At equal times, a bad status
// outweighs a good one.
func newer(staple, held *ocspstaple.Staple) bool {
	if staple.ThisUpdate().Equal(held.ThisUpdate()) {
		return isRevoked(staple) || staple.NextUpdate().After(held.NextUpdate())
	}
	return staple.ThisUpdate().After(held.ThisUpdate())
}
