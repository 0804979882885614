// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tears appends garbage to the newest file, and cuts bytes from it.
func (s *scenario) tears(ctx context.Context, f *figures, l *ledger) error {
	ca, err := s.up(ctx)
	if err != nil {
		return err
	}
	l.load(ctx, ca.client, l.untilIssued(20))
	if err := ca.kill(); err != nil {
		return err
	}
	garbage := []int{1, 7, 28, 512, 4096, 100_000}
	started := 0
	for _, size := range garbage {
		b := make([]byte, size)
		_, _ = rand.Read(b) // never fails
		if err := s.append(b); err != nil {
			return err
		}
		ca, err := s.up(ctx)
		if err != nil {
			fmt.Printf("%-9s %v\n", s.kind, err)
			break
		}
		started++
		if err := s.revokeAndKill(ctx, l, ca); err != nil {
			return err
		}
	}
	f.line("garbage appended to the newest file: it starts", started, len(garbage))
	if started < len(garbage) {
		return f.err()
	}
	if s.kind == "bbolt" {
		err = s.cutInUse(ctx, f, l)
	} else {
		err = s.cutUnacknowledged(ctx, f, l)
	}
	if err != nil {
		return err
	}
	if ca, err = s.up(ctx); err != nil {
		return err
	}
	return errors.Join(l.check(ctx, ca.client, f, "garbage and cuts"), ca.kill())
}

func (s *scenario) append(b []byte) error {
	out, err := os.OpenFile(s.newestFile(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return errors.Join(err, out.Close())
}

// cutUnacknowledged cuts into the last write, whose answer nobody received, as
// a power cut in the middle of it would.
func (s *scenario) cutUnacknowledged(ctx context.Context, f *figures, l *ledger) error {
	const cuts = 8
	started := 0
	for i := range cuts {
		ca, err := s.up(ctx)
		if err != nil {
			fmt.Printf("%-9s %v\n", s.kind, err)
			break
		}
		id, err := l.enroll(ctx, ca.client)
		if err != nil {
			return err
		}
		before, err := os.Stat(s.newestFile())
		if err != nil {
			return err
		}
		unheard := newLedger()
		if err := unheard.revoke(ctx, ca.client, id); err != nil {
			return err
		}
		if err := ca.kill(); err != nil {
			return err
		}
		l.revoked[id.Leaf().SerialNumber.String()] = false
		after, err := os.Stat(s.newestFile())
		if err != nil {
			return err
		}
		written := after.Size() - before.Size()
		if err := os.Truncate(s.newestFile(), before.Size()+1+(written-2)*int64(i)/(cuts-1)); err != nil {
			return err
		}
		if ca, err = s.up(ctx); err != nil {
			fmt.Printf("%-9s %v\n", s.kind, err)
			break
		}
		started++
		if err := s.revokeAndKill(ctx, l, ca); err != nil {
			return err
		}
	}
	f.line("bytes cut from the newest file, in the middle of a write that was not acknowledged: it starts", started, cuts)
	return nil
}

// cutInUse cuts off the end of the bbolt file, which may or may not be in use:
// the CA starts with everything, or reports in one line that the file is
// damaged. Then cutInUse restores the file.
func (s *scenario) cutInUse(ctx context.Context, f *figures, l *ledger) error {
	whole, err := os.ReadFile(s.newestFile())
	if err != nil {
		return err
	}
	cuts := []int{1, 100, 4096, len(whole) / 2, len(whole) - 8192, len(whole) - 4096, len(whole) - 10, len(whole)}
	right, refused := 0, 0
	for _, cut := range cuts {
		if err := os.WriteFile(s.newestFile(), whole[:len(whole)-cut], 0o600); err != nil {
			return err
		}
		ca, err := s.up(ctx)
		switch {
		case err == nil:
			quiet := &figures{prefix: s.kind, quiet: true}
			if err := errors.Join(l.check(ctx, ca.client, quiet, fmt.Sprintf("%d bytes cut", cut)), ca.kill()); err != nil {
				return err
			}
			if !quiet.lost {
				right++
			}
		case strings.Contains(err.Error(), filepath.Base(s.newestFile())+" is damaged") && !strings.Contains(err.Error(), "goroutine"):
			right++
			refused++
		default:
			fmt.Printf("%-9s %v\n", s.kind, err)
		}
	}
	f.line(fmt.Sprintf("bytes cut from the newest file: it starts with everything, or refuses in one line (%d times)", refused), right, len(cuts))
	return os.WriteFile(s.newestFile(), whole, 0o600)
}
