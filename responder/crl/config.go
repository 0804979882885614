// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// The defaults of a Config.
const (
	DefaultPoll    = time.Minute
	DefaultTimeout = 30 * time.Second
	DefaultMaxSize = 64 << 20
)

// minPoll keeps a wrong unit from flooding the CA.
const minPoll = time.Second

// Config is the configuration of a Source. Issuer and one of URL and File are
// required.
type Config struct {
	// Issuer is the certificate of the CA that signs the list, the same as
	// Authority.Certificate. If it has a key usage, it needs cRLSign (RFC 5280
	// §4.2.1.3).
	Issuer *x509.Certificate
	// URL is where the CA publishes the list, http or https. Plain http is usual
	// and not a weakness: the list is signed. It must be the full list of the CA,
	// in DER or PEM.
	URL string
	// Roots are the CAs of the server of an https URL. Nil means those of the
	// system.
	Roots *x509.CertPool
	// File is a file with the list, in DER or PEM. Replace it in one step, by
	// renaming.
	File string
	// Poll is the longest time from the end of one look at the URL or file to the
	// next look: at least one second; 0 means DefaultPoll. While looks succeed, a
	// revocation is known at most this long after it is published, plus the time
	// of two looks. The source looks earlier when the list is about to end, and
	// after a failure. Each look downloads the list, unless the server supports
	// conditional requests.
	Poll time.Duration
	// Recorder gets the final revocations that a list has and the one before it
	// had not, before the list takes effect; nil for none.
	Recorder responder.Recorder
	// Timeout limits one download, from the connection to the last byte. 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// MaxSize limits the list, in bytes: in DER, a revocation takes about 50. A
	// longer one is refused without being read. 0 means DefaultMaxSize.
	MaxSize int64
	// Unlisted is the answer about serials that the list does not have: Good, or
	// Unknown if another source, combined with this one, knows what the CA has
	// issued. A responder refuses this source alone with Unknown. The zero value
	// means Good.
	Unlisted Unlisted
	// StateFile keeps the number and thisUpdate of the newest list, so that an
	// older one is refused after a restart, too. No other process may use the
	// file; its directory must exist. Empty means none: the first list after a
	// start may be any that has not ended.
	StateFile string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger logs every list that takes effect, and failures at growing
	// intervals; nil discards.
	Logger *slog.Logger
}

// Unlisted is an answer about a serial that a list does not have.
type Unlisted uint8

const (
	// UnlistedGood answers good, as RFC 6960 §2.2 permits.
	UnlistedGood Unlisted = iota
	// UnlistedUnknown leaves the answer to a source that knows what the CA has
	// issued.
	UnlistedUnknown
)

// code returns the status. Any other value than UnlistedGood is unknown.
func (u Unlisted) code() responder.Code {
	if u == UnlistedGood {
		return responder.Good
	}
	return responder.Unknown
}

// check returns an error if the configuration is invalid, and fills in the
// defaults.
func (c *Config) check() error {
	if err := checkIssuer(c.Issuer); err != nil {
		return err
	}
	if (c.URL == "") == (c.File == "") {
		return errors.New("needs either a URL or a file")
	}
	if c.URL != "" {
		if err := checkURL(c.URL); err != nil {
			return err
		}
	}
	if c.Roots != nil && c.URL == "" {
		return errors.New("has roots, but no URL to use them for")
	}
	if c.Unlisted > UnlistedUnknown {
		return fmt.Errorf("has %d for Unlisted, which must be UnlistedGood or UnlistedUnknown", c.Unlisted)
	}
	if c.Poll == 0 {
		c.Poll = DefaultPoll
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxSize == 0 {
		c.MaxSize = DefaultMaxSize
	}
	switch {
	case c.Poll < minPoll:
		return fmt.Errorf("polls every %s, which must be at least %s", timetext.Duration(c.Poll), timetext.Duration(minPoll))
	case c.Timeout < 0:
		return fmt.Errorf("has the negative time-out %s", timetext.Duration(c.Timeout))
	case c.MaxSize < 0:
		return fmt.Errorf("has the negative size limit %d", c.MaxSize)
	}
	if c.StateFile != "" {
		if info, err := os.Stat(filepath.Dir(c.StateFile)); err != nil || !info.IsDir() {
			return fmt.Errorf("has the state file %s in a directory that does not exist: make it", c.StateFile)
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func checkIssuer(issuer *x509.Certificate) error {
	switch {
	case issuer == nil:
		return errors.New("has no issuer")
	case !issuer.BasicConstraintsValid || !issuer.IsCA:
		return fmt.Errorf("has the issuer %s, which is not a CA", certname.Of(issuer))
	case issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0:
		return fmt.Errorf("has the issuer %s, whose key usage lacks cRLSign (RFC 5280 §4.2.1.3)", certname.Of(issuer))
	}
	if err := certkey.Check(issuer.PublicKey); err != nil {
		return fmt.Errorf("has the issuer %s with a weak key: %w", certname.Of(issuer), err)
	}
	return nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("has a malformed URL") // the error would repeat a password
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("has the URL %s, which must begin with http:// or https://", u.Redacted())
	case u.Hostname() == "":
		return fmt.Errorf("has the URL %s, which names no host", u.Redacted())
	}
	return nil
}
