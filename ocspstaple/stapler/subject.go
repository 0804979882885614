// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

// maxResponse is the maximum number of bytes to read of an answer. A staple
// must fit into a token beside its chain, so a usable one is far smaller. The
// surplus is for responders that embed their whole chain, which the stapler
// drops.
const maxResponse = 64 << 10

// subject is a certificate that needs a staple.
type subject struct {
	index        int
	cert, issuer *x509.Certificate
	file         string // "" for none
	// turn is held during an attempt, so that Run and Refresh do not ask the
	// responder the same thing at the same time. It is a channel because
	// waiting for it must end with the context.
	turn chan struct{}
	// pastCaches makes the next attempt bypass caches at once. turn guards it.
	pastCaches bool
	// nudged holds one request for an attempt.
	nudged chan struct{}
	outage outage
}

func newSubject(i int, cert, issuer *x509.Certificate, file string) *subject {
	if file != "" && i > 0 {
		file = fmt.Sprintf("%s.%d", file, i)
	}
	return &subject{
		index: i, cert: cert, issuer: issuer, file: file,
		turn: make(chan struct{}, 1), nudged: make(chan struct{}, 1),
	}
}

func (s *subject) String() string {
	return fmt.Sprintf("certificate %d (serial 0x%x)", s.index, s.cert.SerialNumber)
}

// examine authenticates a response and drops the certificates that a verifier
// does not need: some responders embed their whole chain. The error is nil only
// if the staple is good and fresh. The staple is non-nil if it is authentic.
func (s *subject) examine(der []byte, now time.Time, f ocspstaple.Freshness) (*ocspstaple.Staple, error) {
	staple, err := ocspstaple.Slim(der, s.cert, s.issuer, now, f.Leeway)
	if err != nil {
		return nil, err
	}
	return staple, staple.Check(now, f)
}

// read returns nil and no error if there is no file.
func (s *subject) read() ([]byte, error) {
	if s.file == "" {
		return nil, nil
	}
	f, err := os.Open(s.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	der, err := io.ReadAll(io.LimitReader(f, maxResponse+1))
	if err != nil {
		return nil, err
	}
	if len(der) > maxResponse {
		return nil, fmt.Errorf("%s: more than %d bytes", s.file, maxResponse)
	}
	return der, nil
}
