// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// leastScans is how many scans may be missed before the database counts as late.
const leastScans = 10

// databaseFeed is a step-ca's database. Statuses come from the database itself;
// what runs in the background finds out which answers may not be reused.
func databaseFeed(c StepDB, o opening) (*feed, error) {
	dsn, err := cli.ReadSecret(c.DSNFile)
	if err != nil {
		return nil, err
	}
	warnIfOpen("the database's address, which may hold a password,", c.DSNFile, o.log)
	source, err := stepdb.New(stepdb.Config{
		DSN: string(dsn), Database: c.Database, Issuer: o.ca, MaxReplicationLag: c.MaxReplicationLag,
		Recorder: o.recorder, Now: o.now, Logger: o.log,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.DSNFile, err)
	}
	return &feed{
		id:      digest(dsn),
		source:  source,
		refresh: source.Refresh,
		run:     source.Run,
		release: source.Close,
		state: func() feedState {
			s := source.Snapshot()
			state := feedState{Looked: s.LastScan, LastError: s.LastError, Unusable: s.Usable, Entries: s.Revoked}
			if !s.LastScan.IsZero() {
				state.LookedBy = s.LastScan.Add(max(leastScans*s.Interval, 10*time.Second))
			}
			return state
		},
	}, nil
}
