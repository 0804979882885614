// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
	"github.com/stapledjwt/stapled/responder"
)

// limboCase is a certificate with the lists of its issuer.
type limboCase struct {
	Name           string
	Cert           vectors.DER
	TrustAnchors   []vectors.DER `json:"trust_anchors"`
	CRLs           []string
	EvaluationTime string `json:"evaluation_time"`
	Accept         bool
}

// TestVectorLists runs the cases of x509-limbo that have a list. A case that it
// accepts must be good; one that it rejects must not be: it must be revoked, or
// the list or its issuer refused.
func TestVectorLists(t *testing.T) {
	suite := vectors.Load[limboCase](t, "x509-limbo.json")
	ran := 0
	for _, c := range suite.Cases {
		if len(c.CRLs) == 0 {
			continue
		}
		ran++
		t.Run(strings.ReplaceAll(c.Name, "::", "/"), func(t *testing.T) {
			code, err := judge(t, c)
			if good := err == nil && code == responder.Good; good != c.Accept {
				t.Errorf("%s, %v; accepted there: %t", code, err, c.Accept)
			}
		})
	}
	if ran < 6 {
		t.Errorf("%d cases have a list, want at least 6", ran)
	}
}

// judge returns what a source says about the certificate of a case.
func judge(t *testing.T, c limboCase) (responder.Code, error) {
	now, err := time.Parse(time.RFC3339, c.EvaluationTime)
	if err != nil {
		t.Fatal(err)
	}
	name := t.TempDir() + "/ca.crl"
	writeFile(t, name, []byte(c.CRLs[0]))
	s, err := New(Config{Issuer: testca.MustParse(c.TrustAnchors[0]), File: name, Now: func() time.Time { return now }})
	if err != nil {
		return responder.Unknown, err
	}
	if err := s.Refresh(t.Context()); err != nil {
		return responder.Unknown, err
	}
	st, err := s.Status(t.Context(), new(big.Int).Set(testca.MustParse(c.Cert).SerialNumber))
	return st.Code, err
}
