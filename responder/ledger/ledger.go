// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ledger keeps a responder from ever saying good again about a
// certificate that was revoked for good.
//
// A source can forget: a database server that takes over may lack the last
// commits, and a backup lacks more. A Ledger writes down each final revocation
// (every reason but certificateHold and removeFromCRL, RFC 5280 §5.3.1) before
// the responder says revoked for the first time. If the source then says
// anything else, the answer is tryLater and an alarm,
// [responder.AlarmRevocationLost].
//
//	l, err := ledger.Open(ledger.Config{Dir: "/var/lib/ocsp"})
//	…
//	recorder, err := l.Recorder(caCert)
//	…
//	list, err := crl.New(crl.Config{Recorder: recorder, …})
//	…
//	source, err := l.Guard(caCert, list)
//	…
//	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
//		Certificate: caCert, Signer: key, Source: source,
//	}}})
//
// A source that learns many revocations at once gives them to the [Recorder]
// when it learns them, so that the ledger also knows those that nobody has asked
// about yet.
//
// # When a certificate expires
//
// A CA may drop a revocation once the certificate has expired. If Status.NotAfter
// says that it has, the ledger steps aside. Entries are removed a day after
// that. If no source knows when the certificate expires (a CRL does not say),
// the ledger cannot tell an expired certificate from a lost revocation: the
// answer is tryLater, because the certificate may still be valid, but there is
// no alarm, because everybody who has an old CRL could cause it. Such an entry
// stays, so the ledger of a CA that has only a CRL grows by what that CA revokes.
// Combine the CRL with a source that knows what was issued.
//
// # Files
//
// The directory holds one text file for each CA, with a line for each revoked
// certificate, and is for one process at a time. A line takes 53 bytes for a
// serial of 16 octets, and an entry about 100 bytes of memory. A [Recorder] adds
// entries up to 2,000,000 for each CA.
//
// The ledger syncs a line to disk before it returns the revocation, so that no
// client sees a revocation that a power cut makes the ledger forget. If the disk
// is full, it returns the revocation all the same: to withhold it would keep
// the good answer before it alive. It remembers it while the process runs,
// tries again every second, and says so in the log and in the [Snapshot].
//
// To lift a final revocation by hand, stop the responder and delete the line.
package ledger

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// Config is the configuration of a Ledger.
type Config struct {
	// Dir is the directory. If it does not exist, Open creates it, readable by
	// its owner only. Nobody but its owner may be able to write to it. Required.
	Dir string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger logs each revocation once, at level info, also across restarts; when
	// one cannot be written (once for each cause); and what was repaired. Nil
	// discards. The responder logs alarms.
	Logger *slog.Logger
}

// A Ledger remembers final revocations. It is safe for concurrent use.
type Ledger struct {
	dir    string
	now    func() time.Time
	log    *slog.Logger
	disk   disk
	unlock func() error

	mu    sync.Mutex
	books map[string]*book // by file name; nil if closed
}

// Open opens a ledger. It returns an error if another process uses the
// directory.
func Open(cfg Config) (*Ledger, error) { return open(cfg, system{}) }

func open(cfg Config, disk disk) (*Ledger, error) {
	if cfg.Dir == "" {
		return nil, errors.New("ledger: Config.Dir is empty; name a directory for what the responder remembers")
	}
	l := &Ledger{dir: cfg.Dir, now: cfg.Now, log: cfg.Logger, disk: disk, books: make(map[string]*book)}
	if l.now == nil {
		l.now = time.Now
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if err := checkMode(cfg.Dir); err != nil {
		return nil, err
	}
	var err error
	if l.unlock, err = lock(filepath.Join(cfg.Dir, "lock")); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return l, nil
}

// checkMode refuses what others can write to: to remove a line is to lift a
// revocation.
func checkMode(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("ledger: %s has the mode %#o, so others can write to it; chmod go-w it", name, mode)
	}
	return nil
}

// Guard returns a source that says what another says, unless that contradicts a
// final revocation that the source of this CA has reported before. Sources that
// replace each other while the process runs share what is remembered.
func (l *Ledger) Guard(ca *x509.Certificate, source responder.Source) (*Guarded, error) {
	switch {
	case ca == nil:
		return nil, errors.New("ledger: no CA certificate")
	case source == nil:
		return nil, errors.New("ledger: no source of statuses")
	}
	b, err := l.bookOf(ca)
	if err != nil {
		return nil, err
	}
	return &Guarded{book: b, source: source, now: l.now}, nil
}

// bookOf returns the book of a CA, and opens it if it is not open yet.
func (l *Ledger) bookOf(ca *x509.Certificate) (*book, error) {
	// The issuer of a certificate is a name and a key.
	sum := sha256.Sum256(append(append([]byte(nil), ca.RawSubject...), ca.RawSubjectPublicKeyInfo...))
	id := hex.EncodeToString(sum[:16])
	name := filepath.Join(l.dir, id+".revoked")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.books == nil {
		return nil, errors.New("ledger: the ledger is not open")
	}
	b := l.books[name]
	if b == nil {
		if _, err := os.Stat(name); err == nil {
			if err := checkMode(name); err != nil {
				return nil, err
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		var err error
		if b, err = openBook(name, id, l.disk, l.now, l.log.With("file", name, "issuer", ca.Subject.String())); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		l.books[name] = b
	}
	return b, nil
}

// Snapshot is the state of a Ledger, for all CAs together.
type Snapshot struct {
	// Remembered is the number of certificates that were revoked for good.
	Remembered int
	// Lost is how many of them a source has been asked about and no longer calls
	// revoked, though they have not expired. It must be 0.
	Lost int
	// Departed is how many of them a source no longer calls revoked, and may
	// have expired.
	Departed int
	// Unwritten is how many of them are not on disk. It must be 0: the next
	// start forgets them. Err says why; nil if there are none.
	Unwritten int
	Err       error
	// Omitted is how many revocations Record has left out because the ledger is
	// full, each time that a source has reported it. It must be 0.
	Omitted int
}

// Snapshot returns the state of the ledger.
func (l *Ledger) Snapshot() Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	var s Snapshot
	for _, b := range l.books {
		b.addTo(&s)
	}
	return s
}

// Close writes what is not written yet and closes the files. Guarded sources
// still remember, but write no more.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.books == nil {
		return nil
	}
	var errs []error
	for _, b := range l.books {
		errs = append(errs, b.close())
	}
	l.books = nil
	return errors.Join(append(errs, l.unlock())...)
}
