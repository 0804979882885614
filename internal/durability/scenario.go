// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// scenario is a CA and the tests that run on it.
type scenario struct {
	dir, kind, work          string
	stapled, stepCA, restart string
	strace                   bool
	rounds                   int
}

func (s *scenario) up(ctx context.Context) (*server, error) {
	return start(ctx, s.dir, s.stapled, "up", "--dir", s.dir, "--json")
}

// newestFile returns the file that the database writes to.
func (s *scenario) newestFile() string {
	if s.kind == "bbolt" {
		return filepath.Join(s.dir, "db")
	}
	names, _ := filepath.Glob(filepath.Join(s.dir, "db", "*.vlog"))
	return names[len(names)-1] // Glob sorts
}

func (s *scenario) disk() disk {
	if s.strace {
		return &tracedDisk{files: func() []string { return []string{s.newestFile()} }}
	}
	return smallDisk{filepath.Join(filepath.Dir(s.dir), "filler")}
}

// stack runs every test of `stapled up`.
func (s *scenario) stack(ctx context.Context) error {
	f, l := &figures{prefix: s.kind}, newLedger()
	for _, step := range []func(context.Context, *figures, *ledger) error{s.fullDisk, s.fullDiskTerm, s.kills, s.tears} {
		if err := step(ctx, f, l); err != nil {
			return fmt.Errorf("%s: %w", s.kind, err)
		}
	}
	return f.err()
}

// fullDisk fills the disk while the CA issues and revokes, frees it, continues,
// kills the CA and restarts it.
func (s *scenario) fullDisk(ctx context.Context, f *figures, l *ledger) error {
	const rounds = 4
	started, refusals := 0, int64(0)
	ca, err := s.up(ctx)
	if err != nil {
		return err
	}
	for range rounds {
		l.load(ctx, ca.client, l.untilIssued(60))
		d, before := s.disk(), l.refused.Load()
		if err := d.fill(ca); err != nil {
			return err
		}
		// Badger's guard ends the CA; bbolt refuses and goes on.
		limit := time.Now().Add(patience)
		l.load(ctx, ca.client, func() bool {
			return ca.hasExited() || l.refused.Load() >= before+20 || time.Now().After(limit)
		})
		refusals += l.refused.Load() - before
		if l.refused.Load() == before {
			return errors.New("nothing was refused while the disk was full")
		}
		if s.kind != "bbolt" {
			select {
			case <-ca.exited:
			case <-time.After(patience):
				return errors.New("the CA goes on after a write that failed")
			}
			if ca.err == nil {
				return errors.New("the CA ended with status 0 after a write that failed")
			}
			fmt.Printf("%-9s it ended with status %d: %s\n", s.kind, ca.cmd.ProcessState.ExitCode(), ca.lastLine())
		}
		if s.kind == "bbolt" && !s.strace && ca.hasExited() {
			return fmt.Errorf("the CA ended on a full disk: %s", ca.lastLine())
		}
		if err := d.free(); err != nil {
			return err
		}
		if ca.hasExited() {
			if ca, err = s.up(ctx); err != nil {
				return err
			}
		}
		l.load(ctx, ca.client, l.untilIssued(60))
		if err := ca.kill(); err != nil {
			return err
		}
		if ca, err = s.up(ctx); err != nil {
			fmt.Printf("%-9s %v\n", s.kind, err)
			break
		}
		started++
	}
	f.line(fmt.Sprintf("full disk (%d requests refused), freed, kill -9: it starts", refusals), started, rounds)
	if started < rounds {
		return f.err()
	}
	return errors.Join(l.check(ctx, ca.client, f, "full disk"), ca.kill())
}

// fullDiskTerm checks that SIGTERM also ends the CA on a full disk.
func (s *scenario) fullDiskTerm(ctx context.Context, f *figures, l *ledger) error {
	const rounds, bound = 3, 20 * time.Second
	ended, longest := 0, time.Duration(0)
	for range rounds {
		ca, err := s.up(ctx)
		if err != nil {
			return err
		}
		l.load(ctx, ca.client, l.untilIssued(20))
		d := s.disk()
		if err := d.fill(ca); err != nil {
			return err
		}
		took, err := ca.terminate()
		if err != nil {
			return err
		}
		if took < bound {
			ended++
		}
		longest = max(longest, took)
		if err := d.free(); err != nil {
			return err
		}
	}
	f.line(fmt.Sprintf("SIGTERM on a full disk ends it within %s (longest %s)", bound, longest.Round(time.Millisecond)), ended, rounds)
	ca, err := s.up(ctx)
	if err != nil {
		return err
	}
	return errors.Join(l.check(ctx, ca.client, f, "SIGTERM on a full disk"), ca.kill())
}

// kills revokes, and kills the CA as soon as it acknowledges the revocation.
func (s *scenario) kills(ctx context.Context, f *figures, l *ledger) error {
	started := 0
	for range s.rounds {
		ca, err := s.up(ctx)
		if err != nil {
			return err
		}
		started++
		if err := s.revokeAndKill(ctx, l, ca); err != nil {
			return err
		}
	}
	f.line("revoke, kill -9: it starts", started, s.rounds)
	ca, err := s.up(ctx)
	if err != nil {
		return err
	}
	return errors.Join(l.check(ctx, ca.client, f, fmt.Sprintf("%d times kill -9", s.rounds)), ca.kill())
}

func (s *scenario) revokeAndKill(ctx context.Context, l *ledger, ca *server) error {
	id, err := l.enroll(ctx, ca.client)
	if err != nil {
		return err
	}
	if err := l.revoke(ctx, ca.client, id); err != nil {
		return err
	}
	return ca.kill()
}

// postgres kills a stock step-ca with a PostgreSQL database, and sometimes
// PostgreSQL too. Then stapled up answers from what they kept.
func (s *scenario) postgres(ctx context.Context) error {
	f, l := &figures{prefix: "postgres"}, newLedger()
	started := 0
	for round := range s.rounds {
		ca, err := start(ctx, s.dir, s.stepCA, filepath.Join(s.dir, "config", "ca.json"),
			"--password-file", filepath.Join(s.dir, "secrets", "password"))
		if err != nil {
			return err
		}
		started++
		if err := s.revokeAndKill(ctx, l, ca); err != nil {
			return err
		}
		if round%20 == 19 {
			if out, err := exec.CommandContext(ctx, "sh", "-c", s.restart).CombinedOutput(); err != nil {
				return fmt.Errorf("restart PostgreSQL: %w: %s", err, out)
			}
		}
	}
	f.line("step-ca on PostgreSQL, revoke, kill -9: it starts", started, s.rounds)
	ca, err := s.up(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(l.check(ctx, ca.client, f, fmt.Sprintf("%d times kill -9", s.rounds)), ca.kill()); err != nil {
		return err
	}
	return f.err()
}
