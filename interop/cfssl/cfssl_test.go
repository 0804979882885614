// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package cfssl runs stapled against the responder of CFSSL, on its database
// with answers that are signed in advance, as `cfssl ocsprefresh` and `cfssl
// ocspserve` do.
package cfssl

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloudflare/cfssl/certdb"
	"github.com/cloudflare/cfssl/certdb/sql"
	"github.com/cloudflare/cfssl/config"
	"github.com/cloudflare/cfssl/log"
	"github.com/cloudflare/cfssl/ocsp"
	"github.com/cloudflare/cfssl/signer"
	"github.com/cloudflare/cfssl/signer/local"
	"github.com/jmoiron/sqlx"
	_ "github.com/mattn/go-sqlite3"

	"github.com/stapledjwt/stapled/interop"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// keyCompromise is the reason (RFC 5280 §5.3.1).
const keyCompromise = 1

// authority is a CFSSL with its database.
type authority struct {
	root   *x509.Certificate
	signer *local.Signer
	ocsp   ocsp.Signer
	db     certdb.Accessor
}

func TestCFSSL(t *testing.T) {
	a := newAuthority(t)
	t.Run("an answer dated to the hour is a staple", a.hourly)

	// CFSSL's own refresh dates answers to the hour. Its library takes a time, so
	// that a test sees newer answers within seconds.
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	go func() {
		defer close(stopped)
		for {
			now := time.Now().UTC().Truncate(time.Second)
			a.refresh(t, &now)
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}()
	interop.Test(t, interop.CA{
		Anchor: a.root,
		Issue:  a.issue,
		Revoke: func(tb testing.TB, leaf *x509.Certificate) {
			if err := a.db.RevokeCertificate(leaf.SerialNumber.String(), hex.EncodeToString(leaf.AuthorityKeyId), keyCompromise); err != nil {
				tb.Fatal(err)
			}
		},
	})
}

// hourly takes the answers as `cfssl ocsprefresh` signs them.
func (a *authority) hourly(t *testing.T) {
	chain := a.issue(t, interop.NewKey(t))
	a.refresh(t, nil)
	keeper, err := stapler.New(stapler.Config{Chain: chain, Anchor: a.root})
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	staples, err := keeper.Current(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if this := staples[0].ThisUpdate(); !this.Equal(this.Truncate(time.Hour)) {
		t.Errorf("thisUpdate is %s, not on the hour", this)
	}
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	log.Level = log.LevelError
	key := interop.NewKey(t)
	a := &authority{root: interop.NewRoot(t, key)}
	a.db = openDatabase(t)
	var err error
	if a.ocsp, err = ocsp.NewSigner(a.root, a.root, key, 96*time.Hour); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(ocsp.NewResponder(ocsp.NewDBSource(a.db), nil))
	t.Cleanup(server.Close)
	policy := &config.Signing{Default: &config.SigningProfile{
		Usage: []string{"digital signature", "client auth"}, OCSP: server.URL, Expiry: time.Hour, ExpiryString: "1h",
	}}
	if a.signer, err = local.NewSigner(key, a.root, x509.ECDSAWithSHA256, policy); err != nil {
		t.Fatal(err)
	}
	a.signer.SetDBAccessor(a.db)
	return a
}

// openDatabase makes CFSSL's tables in a file.
func openDatabase(t *testing.T) certdb.Accessor {
	t.Helper()
	db, err := sqlx.Open("sqlite3", filepath.Join(t.TempDir(), "certs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // SQLite has one writer
	statements, err := os.ReadFile(filepath.Join("testdata", "tables.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(statements)); err != nil {
		t.Fatal(err)
	}
	return sql.NewAccessor(db)
}

func (a *authority) issue(tb testing.TB, key crypto.Signer) []*x509.Certificate {
	tb.Helper()
	request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: interop.NewRequest(tb, key)})
	encoded, err := a.signer.Sign(signer.SignRequest{Request: string(request), Hosts: []string{interop.Name}})
	if err != nil {
		tb.Fatal(err)
	}
	block, _ := pem.Decode(encoded)
	return []*x509.Certificate{interop.Parse(tb, block.Bytes)}
}

// refresh signs an answer for every certificate, as `cfssl ocsprefresh` does.
func (a *authority) refresh(t *testing.T, thisUpdate *time.Time) {
	records, err := a.db.GetUnexpiredCertificates()
	if err != nil {
		t.Error(err)
		return
	}
	for _, record := range records {
		block, _ := pem.Decode([]byte(record.PEM))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Error(err)
			return
		}
		request := ocsp.SignRequest{Certificate: cert, Status: record.Status, ThisUpdate: thisUpdate}
		if record.Status == "revoked" {
			request.Reason, request.RevokedAt = record.Reason, record.RevokedAt
		}
		answer, err := a.ocsp.Sign(request)
		if err != nil {
			t.Error(err)
			return
		}
		if err := a.db.UpsertOCSP(record.Serial, record.AKI, string(answer), time.Now().Add(96*time.Hour)); err != nil {
			t.Error(err)
			return
		}
	}
}
