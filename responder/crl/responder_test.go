// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
	"golang.org/x/crypto/ocsp"
)

// TestResponder: an answer has the thisUpdate of the list and does not outlive
// it; a revocation ends the reuse of signed answers at once; after the end of
// the list, there is no answer.
func TestResponder(t *testing.T) {
	f := follow(t, nil)
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	r, err := responder.New(responder.Config{
		Authorities: []responder.Authority{{Certificate: f.ca.Cert, Signer: f.ca.Key, Source: f.Source}},
		Now:         func() time.Time { return f.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	leaf := f.ca.Leaf()
	request, err := ocsp.CreateRequest(leaf.Cert, f.ca.Cert, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (*ocsp.Response, error) { return ocsp.ParseResponse(r.Respond(t.Context(), request), f.ca.Cert) }
	want := func(status int, thisUpdate, nextUpdate time.Duration) {
		t.Helper()
		got, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != status || !got.ThisUpdate.Equal(testca.Now.Add(thisUpdate)) || !got.NextUpdate.Equal(testca.Now.Add(nextUpdate)) {
			t.Errorf("status %d from %s to %s, want %d", got.Status, got.ThisUpdate, got.NextUpdate, status)
		}
	}
	want(ocsp.Good, time.Minute, 12*time.Minute)
	f.now = f.now.Add(time.Second) // the answer is reused
	want(ocsp.Good, time.Minute, 12*time.Minute)
	if err := f.publish(t, 2, 5, leaf.Cert.SerialNumber.Int64()); err != nil {
		t.Fatal(err)
	}
	want(ocsp.Revoked, 2*time.Minute, 12*time.Minute+time.Second)
	f.now = testca.Now.Add(55 * time.Minute)
	want(ocsp.Revoked, 2*time.Minute, 62*time.Minute)
	f.now = testca.Now.Add(62*time.Minute + time.Second)
	_, err = ask()
	if failure := (ocsp.ResponseError{}); !errors.As(err, &failure) || failure.Status != ocsp.TryLater {
		t.Errorf("after the end of the list: %v", err)
	}
}

// TestConcurrentUse: statuses, versions and snapshots are read while lists take
// effect. A version never comes with the status of an earlier list.
func TestConcurrentUse(t *testing.T) {
	f := follow(t, nil)
	f.now = testca.Now.Add(30 * time.Minute)
	if err := f.publish(t, 0); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				version, _ := f.Version(nil)
				st, err := f.Status(t.Context(), big.NewInt(1))
				// The list with number n is the one with version n+1.
				if err != nil || st.ThisUpdate.Before(testca.Now.Add(time.Duration(version-1)*time.Minute)) {
					t.Errorf("version %d with %+v, %v", version, st, err)
					return
				}
				f.Snapshot()
			}
		})
	}
	for number := range int64(20) {
		if err := f.publish(t, number+1, number); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
}
