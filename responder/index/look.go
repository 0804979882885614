// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"math/big"
	"os"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// `openssl ca` renames index.txt away before it renames the new one into its
// place. A file that is missing is looked for this often before it is reported.
const (
	missingLooks = 5
	missingWait  = 20 * time.Millisecond
)

// seed is that of the checksums by which a change is found.
var seed = maphash.MakeSeed()

// Run follows the file until the context ends, and returns its cause. Without
// Run, an Index fails after Config.StaleAfter.
func (x *Index) Run(ctx context.Context) error {
	if x.cfg.Now == nil {
		return errors.New("index: this Index was not made by index.New")
	}
	timer := time.NewTimer(x.cfg.Interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		began := time.Now()
		x.look()
		timer.Reset(min(max(x.cfg.Interval, 9*time.Since(began)), x.cfg.StaleAfter/2))
	}
}

// look reads the file, and uses it if it has changed.
func (x *Index) look() {
	last := x.current.Load()
	next := &state{looked: x.now(), contents: last.contents}
	sum, err := checksum(x.cfg.File)
	if err == nil && sum != last.sum {
		var found *contents
		if found, err = load(x.cfg.File); err == nil {
			next.contents = found.follow(last.contents, next.looked)
			x.record(next.contents, last.contents)
		}
	}
	if err != nil {
		next.looked, next.err = last.looked, err
	}
	x.current.Store(next)
	x.report(last, next)
}

// record gives the recorder what is new. It reports by itself what it cannot
// write, and remembers it meanwhile.
func (x *Index) record(next, last *contents) {
	if x.cfg.Recorder == nil {
		return
	}
	_ = x.cfg.Recorder.Record(func(yield func(*big.Int, responder.Status) bool) {
		number := new(big.Int)
		for key, e := range next.entries {
			if !e.final() || last != nil && last.entries[key].final() {
				continue
			}
			if !yield(number.SetBytes(key[:]), e.status()) {
				return
			}
		}
	})
}

// checksum finds out whether the content has changed, without holding it.
func checksum(name string) (uint64, error) {
	file, err := open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var sum maphash.Hash
	sum.SetSeed(seed)
	if _, err := io.Copy(&sum, io.LimitReader(file, maxFileSize+1)); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return sum.Sum64(), nil
}

func open(name string) (*os.File, error) {
	for look := 1; ; look++ {
		file, err := os.Open(name)
		if !errors.Is(err, fs.ErrNotExist) || look == missingLooks {
			return file, err
		}
		time.Sleep(missingWait)
	}
}

// load reads and parses the file. The checksum is of the bytes that it parsed.
func load(name string) (*contents, error) {
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var sum maphash.Hash
	sum.SetSeed(seed)
	entries, err := parse(io.TeeReader(file, &sum), name, maxFileSize)
	if err != nil {
		return nil, err
	}
	return &contents{sum: sum.Sum64(), entries: entries}, nil
}

// follow completes the contents of a file by what the contents before it say:
//
//  1. The generation is the next one. An entry that is the same as before keeps
//     its own.
//  2. What was lost before and still is stays lost.
//  3. What was listed and is not any more is lost, and so is a final revocation
//     that is not revoked any more.
//  4. Nothing is lost once its certificate has expired: CAs remove such lines.
func (c *contents) follow(last *contents, now time.Time) *contents {
	c.generation, c.changed = 1, now
	if last == nil {
		last = new(contents)
	} else {
		c.generation = last.generation + 1
	}
	for key, e := range c.entries {
		e.generation = c.generation
		if was, ok := last.entries[key]; ok && e.sameAs(was) {
			e.generation = was.generation
		}
		c.entries[key] = e
		if e.code == responder.Revoked {
			c.revoked++
		}
	}
	c.lost = make(map[serial]entry)
	for key, was := range last.lost {
		if !c.lacks(key, was) || was.expired(now) {
			continue
		}
		_, listedBefore := last.entries[key]
		if _, listed := c.entries[key]; listedBefore && !listed {
			was.generation = c.generation // it may have been on hold until now
		}
		c.lost[key] = was
	}
	for key, was := range last.entries {
		if _, before := c.lost[key]; !before && c.lacks(key, was) && !was.expired(now) {
			was.generation = c.generation
			c.lost[key] = was
		}
	}
	return c
}

// lacks reports whether the file does not say what it must after an entry that
// was there before.
func (c *contents) lacks(key serial, was entry) bool {
	e, listed := c.entries[key]
	return !listed || was.final() && !e.final()
}

// report logs what a look has found. A cause is worth one line, not one for
// every look.
func (x *Index) report(last, next *state) {
	switch {
	case next.err == nil:
		x.told = ""
	case next.err.Error() != x.told:
		x.told = next.err.Error()
		x.log.Error("OCSP index not reloaded, going on with what is in use", "error", next.err, "last_read", next.looked)
	}
	if next.contents == last.contents {
		return
	}
	x.log.Info("OCSP index reloaded", "listed", len(next.entries))
	added, revocations, example := 0, 0, ""
	for key, e := range next.lost {
		if _, before := last.lost[key]; before {
			continue
		}
		added++
		if e.final() {
			revocations++
		}
		if example == "" || e.final() {
			example = key.String()
		}
	}
	if added > 0 {
		x.log.Error("OCSP index has lost serial numbers; restore it. Until then they get no answer",
			"lost", added, "revocations_lost", revocations, "one_of_them", example)
	}
	if len(last.lost) > 0 && len(next.lost) == 0 {
		x.log.Info("OCSP index has everything again that it had lost")
	}
}
