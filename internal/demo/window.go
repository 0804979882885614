// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

const (
	pollInterval = 100 * time.Millisecond
	// grace is how long after nextUpdate the first refusal may come: "not one
	// second longer".
	grace = time.Second
)

// lastGoodToken shows how long the last token from before the revocation is
// accepted by a gateway that has not seen the revoked staple, and that this
// ends.
func (s *stage) lastGoodToken(ctx context.Context) error {
	err := s.show.chapter("The last good token, at a gateway that has not seen the revoked staple",
		"A gateway makes no requests. One that has seen the revoked staple refuses older ones at once, as above. This one "+
			"has not, so its bound is the staple's nextUpdate: "+terminal.Stamp(s.last.nextUpdate)+".")
	if err != nil {
		return err
	}
	first, before, err := s.poll(ctx)
	if err != nil {
		return err
	}
	window := first.received.Sub(s.last.revokedAt)
	err = s.show.end(before.step("last_good_token_until_next_update", "until nextUpdate", accepted, ""))
	if err != nil {
		return err
	}
	after := first.step("last_good_token_after_next_update", "after it; time since the revocation", rejected, stapled.StapleStale)
	after.MS = inMS(window)
	if err := s.show.end(after); err != nil {
		return err
	}
	return s.summary(window, first.received.Sub(s.last.nextUpdate))
}

// poll presents the token until it is refused, or should have been. It returns
// that decision, and the last one sent before nextUpdate.
func (s *stage) poll(ctx context.Context) (first, before decision, err error) {
	before = decision{outcome: rejected, reason: "never_accepted"}
	for {
		d, err := s.back.present(ctx, s.last.token)
		if err != nil {
			return d, before, err
		}
		switch {
		case d.outcome == accepted && d.sent.After(s.last.nextUpdate):
			return d, before, nil // too long
		case d.outcome == rejected && !d.received.After(s.last.nextUpdate):
			return d, d, nil // too early
		case d.outcome == rejected:
			if d.sent.After(s.last.nextUpdate.Add(grace)) {
				return d, before, fmt.Errorf("this machine is too busy to measure the window to a second: run the demo again")
			}
			return d, before, nil
		}
		before = d
		now := time.Now()
		s.show.progress(fmt.Sprintf("accepted %s after the revocation, nextUpdate in %s",
			seconds(now.Sub(s.last.revokedAt)), seconds(s.last.nextUpdate.Sub(now))))
		if err := pause(ctx, s.nextPoll(now)); err != nil {
			return d, before, err
		}
	}
}

// nextPoll makes sure that one poll comes right after nextUpdate.
func (s *stage) nextPoll(now time.Time) time.Duration {
	end := s.last.nextUpdate.Add(time.Millisecond)
	if left := end.Sub(now); left > 0 && left < pollInterval {
		return left
	}
	return pollInterval
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func (s *stage) summary(window, late time.Duration) error {
	if s.show.JSON {
		return nil
	}
	verdict := s.show.Paint(terminal.Green, fmt.Sprintf("%d steps, all as expected.", s.show.steps))
	if s.show.failed > 0 {
		verdict = s.show.Paint(terminal.Red, fmt.Sprintf("%d of %d steps differ from what was expected.", s.show.failed, s.show.steps))
	}
	if err := s.show.Print("\n" + verdict + "\n"); err != nil {
		return err
	}
	return s.show.finding(fmt.Sprintf("Revocation window, measured: %.2f s from the revocation to the first refusal of the last good token, "+
		"%d ms after its staple's nextUpdate. It is at most the validity of a staple: %s here, %s by default.",
		window.Seconds(), late.Milliseconds(), timetext.Duration(s.validity), timetext.Duration(responder.DefaultValidity)))
}
