// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// state is the content of a state file.
type state struct {
	// Issuer is the SHA-256 of the issuer's name and key.
	Issuer string `json:"issuer"`
	// Number is a crlNumber, decimal.
	Number     string    `json:"crl_number"`
	ThisUpdate time.Time `json:"this_update"`
	// TBS is the SHA-256 of tbsCertList.
	TBS string `json:"tbs_sha256"`
}

// maxState is far more than a state file has.
const maxState = 4096

// loadState returns the newest list that a state file knows; nil if there is no
// file yet.
func loadState(name string, issuer *x509.Certificate) (*issue, error) {
	in, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the state file cannot be read: %w", err)
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxState))
	if err != nil {
		return nil, fmt.Errorf("the state file cannot be read: %w", err)
	}
	var st state
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&st)
	if err == nil && len(bytes.TrimSpace(data[decoder.InputOffset():])) > 0 {
		err = errors.New("something follows its content")
	}
	if err != nil {
		return nil, badState(name, err)
	}
	if st.Issuer != issuerDigest(issuer) {
		return nil, fmt.Errorf("the state file %s belongs to another CA than %s: use one for each", name, certname.Of(issuer))
	}
	number, ok := new(big.Int).SetString(st.Number, 10)
	digest, err := hex.DecodeString(st.TBS)
	if !ok || number.Sign() < 0 || err != nil || len(digest) != sha256.Size || st.ThisUpdate.IsZero() {
		return nil, badState(name, errors.New("a value is missing or malformed"))
	}
	return &issue{number: number, thisUpdate: st.ThisUpdate, digest: [sha256.Size]byte(digest)}, nil
}

func badState(name string, err error) error {
	return fmt.Errorf("the state file %s is damaged: %w. Remove it to accept any list that has not ended", name, err)
}

// save writes the newest list to the state file. A failure is reported, and
// tried again after the next look: until then, a restart may accept an older
// list. The caller holds refreshing.
func (s *Source) save() {
	data, err := json.Marshal(state{
		Issuer: issuerDigest(s.cfg.Issuer), Number: s.newest.number.String(),
		ThisUpdate: s.newest.thisUpdate, TBS: hex.EncodeToString(s.newest.digest[:]),
	})
	if err == nil {
		err = certs.WriteFile(s.cfg.StateFile, append(data, '\n'))
	}
	s.mu.Lock()
	first := err != nil && s.report.stateError == nil
	s.report.stateError = err
	s.mu.Unlock()
	s.unsaved = err != nil
	if first {
		s.cfg.Logger.Error("CRL state not saved: after a restart, an older CRL could be accepted", "file", s.cfg.StateFile,
			"this_update", timetext.Stamp(s.newest.thisUpdate), "error", err)
	}
}

func issuerDigest(issuer *x509.Certificate) string {
	sum := sha256.New()
	sum.Write(issuer.RawSubject)
	sum.Write(issuer.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum.Sum(nil))
}
