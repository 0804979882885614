// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/big"
	"path/filepath"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/crl"
	"github.com/stapledjwt/stapled/responder/index"
)

// feed is a source that is kept up to date in the background.
type feed struct {
	// id is equal for two feeds that would be the same: CA, configuration, and
	// contents of the files that are only read at the start.
	id     string
	name   string
	source responder.Source
	// refresh looks once; nil if opening the source did.
	refresh func(context.Context) error
	// run follows the source until the context ends.
	run   func(context.Context) error
	state func() feedState

	// release frees what opening the source took; nil if that was nothing.
	release func() error

	stop context.CancelFunc // nil if it does not run
	done sync.WaitGroup
}

// feedState describes a source, for metrics and readiness.
type feedState struct {
	// Looked is when the source was last known to be current; zero if never.
	Looked time.Time
	// LookedBy is when a look that fails has failed for too long.
	LookedBy time.Time
	// NextUpdate is when what it has must not be used any more; zero for no limit.
	// EndsSoon is when that is near.
	NextUpdate, EndsSoon time.Time
	// LastError is why the last look failed; nil if it did not.
	LastError error
	// Unusable is why the source gives no answers; nil if it does.
	Unusable error
	// Entries is the number of serials that the source has.
	Entries int
	// Lost is the number of serials that it has lost without a good reason.
	Lost int
	// CRL is the number and thisUpdate of a list; nil and zero for other sources.
	Number     *big.Int
	ThisUpdate time.Time
}

// problem says why the responder should not be relied on, before answers stop;
// "" if nothing is wrong.
func (s feedState) problem(now time.Time) string {
	because := ""
	if s.LastError != nil {
		because = ": " + s.LastError.Error()
	}
	switch {
	case s.Unusable != nil:
		return "gives no answers: " + s.Unusable.Error()
	case !s.LookedBy.IsZero() && now.After(s.LookedBy):
		return "was last current at " + timetext.Stamp(s.Looked) + because
	case !s.EndsSoon.IsZero() && now.After(s.EndsSoon):
		return "ends at " + timetext.Stamp(s.NextUpdate) + ", and there is nothing newer" + because
	}
	return ""
}

// opening is what a source is opened with.
type opening struct {
	ca  *x509.Certificate
	now func() time.Time
	log *slog.Logger
	// stateDir is where a source keeps its state; "" keeps none.
	stateDir string
	// recorder gets what the source finds revoked; nil records nothing.
	recorder responder.Recorder
	// check opens a source to see whether it can be used: a file that is not
	// there now is then an error.
	check bool
}

// feedOf opens a source. It contacts nobody. A further kind of source is a case
// here.
func feedOf(cfg Source, o opening) (*feed, error) {
	var f *feed
	var err error
	switch {
	case cfg.CRL != CRL{}:
		f, err = crlFeed(cfg.CRL, o)
	case cfg.Index != Index{}:
		f, err = indexFeed(cfg.Index, o)
	case cfg.StepDB != StepDB{}:
		f, err = databaseFeed(cfg.StepDB, o)
	default:
		err = fmt.Errorf("the source is empty")
	}
	if err != nil {
		return nil, err
	}
	f.name = label(cfg.name())
	f.id = fmt.Sprintf("%s %+v %s", issuerID(o.ca), cfg, f.id)
	return f, nil
}

const (
	// latePolls is how many looks may fail before a CRL is too old: at least
	// leastLate.
	latePolls = 10
	leastLate = time.Minute
	// A CRL ends soon when a tenth of its life is left, at most mostNotice.
	noticeLife = 10
	mostNotice = time.Hour
)

func crlFeed(c CRL, o opening) (*feed, error) {
	cfg := crl.Config{Issuer: o.ca, URL: c.URL, File: c.File, Poll: c.Poll, Recorder: o.recorder, Now: o.now, Logger: o.log}
	f := &feed{}
	if c.UnlistedUnknown {
		cfg.Unlisted = crl.UnlistedUnknown
	}
	if c.Root != "" {
		roots, err := certs.LoadAnchors(c.Root)
		if err != nil {
			return nil, fmt.Errorf("root: %w", err)
		}
		cfg.Roots = x509.NewCertPool()
		for _, root := range roots.Certificates() {
			cfg.Roots.AddCert(root)
			f.id += digest(root.Raw)
		}
	}
	if o.stateDir != "" {
		cfg.StateFile = filepath.Join(o.stateDir, issuerID(o.ca)+"-"+digest([]byte(c.URL+"\n"+c.File))+".crl")
	}
	source, err := crl.New(cfg)
	if err != nil {
		return nil, err
	}
	poll := c.Poll
	if poll == 0 {
		poll = crl.DefaultPoll
	}
	f.source, f.run, f.refresh = source, source.Run, source.Refresh
	if o.check && c.File != "" {
		if err := source.Refresh(context.Background()); err != nil {
			return nil, err
		}
	}
	f.state = func() feedState {
		s := source.Snapshot()
		state := feedState{
			Looked: s.LastSuccess, LastError: s.LastError, Unusable: s.Usable, Entries: s.Entries,
			Number: s.Number, ThisUpdate: s.ThisUpdate, NextUpdate: s.NextUpdate,
		}
		if !s.LastSuccess.IsZero() {
			state.LookedBy = s.LastSuccess.Add(max(latePolls*poll, leastLate))
		}
		if !s.NextUpdate.IsZero() {
			state.EndsSoon = s.NextUpdate.Add(-min(s.NextUpdate.Sub(s.ThisUpdate)/noticeLife, mostNotice))
		}
		return state
	}
	return f, nil
}

func indexFeed(c Index, o opening) (*feed, error) {
	source, err := index.New(index.Config{File: c.File, Recorder: o.recorder, Now: o.now, Logger: o.log})
	if err != nil {
		return nil, err
	}
	return &feed{
		source: source,
		run:    source.Run,
		state: func() feedState {
			s := source.Snapshot()
			// Half of the time after which it gives no answers.
			state := feedState{
				Looked: s.Looked, LastError: s.Err, Entries: s.Listed, Lost: s.Lost,
				LookedBy: s.Looked.Add(index.DefaultStaleAfter / 2),
			}
			if _, ok := source.Version(big.NewInt(1)); !ok {
				state.Unusable = fmt.Errorf("the last successful look at the file was at %s", timetext.Stamp(s.Looked))
			}
			return state
		},
	}, nil
}

// start follows the source.
func (f *feed) start(log *slog.Logger) {
	if f.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	f.done.Go(func() {
		if err := f.run(ctx); err != nil && ctx.Err() == nil {
			log.Error("OCSP status source stopped", "source", f.name, "error", err)
		}
	})
}

// close stops following it, and releases it. A request in flight may still use
// the source, and is then answered with tryLater.
func (f *feed) close() error {
	if f.stop != nil {
		f.stop()
		f.done.Wait()
	}
	if f.release == nil {
		return nil
	}
	return f.release()
}

// issuerID identifies the issuer of certificates, which is a name and a key, in
// file names.
func issuerID(ca *x509.Certificate) string {
	return digest(append(append([]byte(nil), ca.RawSubject...), ca.RawSubjectPublicKeyInfo...))
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
