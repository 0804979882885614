// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"math/big"

	"github.com/stapledjwt/stapled/responder"
)

// maxSingle is how many revocations are read one by one. If there are more, as
// at the first start, one statement reads all of them.
const maxSingle = 32

// note takes note of a revocation that a scan has found, unless the recorder has
// it. The caller holds scanning.
func (s *Source) note(key []byte) {
	if s.cfg.Recorder == nil {
		return
	}
	if serial, ok := new(big.Int).SetString(string(key), 10); ok && !s.cfg.Recorder.Has(serial) {
		s.found = append(s.found, string(key))
	}
}

// record reads what was noted, and gives it to the recorder. If the database
// fails, the scan does, and the next one tries again: until then the source cannot
// tell what has changed, and statuses are read for every answer. A record that
// cannot be read is left to Status, which says so. The caller holds scanning.
func (s *Source) record(ctx context.Context) error {
	if len(s.found) == 0 {
		return nil
	}
	read := s.readEach
	if len(s.found) > maxSingle {
		read = s.readAll
	}
	var failure error
	// The recorder reports what it cannot write, and remembers it meanwhile.
	_ = s.cfg.Recorder.Record(func(yield func(*big.Int, responder.Status) bool) {
		failure = read(ctx, yield)
	})
	if failure == nil {
		s.found = nil
	}
	return failure
}

func (s *Source) readEach(ctx context.Context, yield func(*big.Int, responder.Status) bool) error {
	for _, key := range s.found {
		serial, ok := new(big.Int).SetString(key, 10)
		if !ok {
			continue
		}
		r, err := s.read(ctx, serial)
		if err != nil {
			return err
		}
		if st, err := s.decide(serial, r); err == nil && !yield(serial, st) {
			return nil
		}
	}
	return nil
}

// readAll reads every revocation, and decides about those that the recorder does
// not have.
func (s *Source) readAll(ctx context.Context, yield func(*big.Int, responder.Status) bool) error {
	_, err := s.consistent(ctx, s.scans, func(q queryer) (kind string, err error) {
		rows, err := q.QueryContext(ctx, s.dialect.revoked)
		if err != nil {
			return "", err
		}
		defer rows.Close()
		for rows.Next() {
			var key []byte
			r := record{revoked: true}
			if err := rows.Scan(&kind, &key, &r.issued, &r.certificate, &r.revocation); err != nil {
				return "", err
			}
			if err := checkPrimary(kind); err != nil && s.cfg.MaxReplicationLag == 0 {
				return "", err
			}
			serial, ok := new(big.Int).SetString(string(key), 10)
			if !ok || s.cfg.Recorder.Has(serial) {
				continue // no revocations, or no serial that a request can have
			}
			if st, err := s.decide(serial, r); err == nil && !yield(serial, st) {
				return kind, nil
			}
		}
		return kind, rows.Err()
	})
	if err != nil {
		return failed(ctx, err)
	}
	return nil
}
