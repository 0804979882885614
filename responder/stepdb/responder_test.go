// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// TestResponder: answers are reused while scans find no revocation, a revocation
// ends that at once, and without a database there is no new answer.
func TestResponder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := testca.New(testca.Valid(time.Time{}, time.Now().AddDate(50, 0, 0))).Intermediate(testca.Valid(time.Time{}, time.Now().AddDate(50, 0, 0)))
		leaf := ca.Leaf()
		db := newServer()
		db.issue(leaf)
		source := sourceOf(t, db, ca, nil)
		start(t, source)
		r, err := responder.New(responder.Config{Authorities: []responder.Authority{{Certificate: ca.Cert, Signer: ca.Key, Source: source}}})
		if err != nil {
			t.Fatal(err)
		}
		request, err := ocsp.CreateRequest(leaf.Cert, ca.Cert, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := func(status int) {
			t.Helper()
			got, err := ocsp.ParseResponse(r.Respond(t.Context(), request), ca.Cert)
			if err != nil || got.Status != status {
				t.Fatalf("got %v, %v; want status %d", got, err, status)
			}
		}
		asked := func() (n int) {
			db.set(func(s *server) { n = s.statuses })
			return n
		}
		want(ocsp.Good)
		for range 60 {
			time.Sleep(time.Second)
			want(ocsp.Good)
		}
		if n := asked(); n != 1 {
			t.Errorf("the database was asked %d times for an answer that stayed right, want once", n)
		}
		db.revoke(leaf.Cert.SerialNumber.String(), 1)
		time.Sleep(time.Second)
		synctest.Wait()
		want(ocsp.Revoked)

		// Without the database, tryLater: nothing says any longer that the answer is
		// right.
		db.set(func(s *server) { s.err = errors.New("down") })
		time.Sleep(time.Second)
		synctest.Wait()
		_, err = ocsp.ParseResponse(r.Respond(t.Context(), request), ca.Cert)
		if failure := (ocsp.ResponseError{}); !errors.As(err, &failure) || failure.Status != ocsp.TryLater {
			t.Errorf("without the database: %v, want tryLater", err)
		}
		db.set(func(s *server) { s.err = nil })
		want(ocsp.Revoked)
	})
}
