// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build softhsm

package kmskey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

// TestShared: what fails to open leaves what is open alone, as a responder needs
// that reloads its configuration.
func TestShared(t *testing.T) {
	first, second := os.Getenv("STAPLED_TEST_KEY"), os.Getenv("STAPLED_TEST_KEY2")
	signs := func(key *Key) {
		t.Helper()
		digest := sha256.Sum256([]byte("a"))
		signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		public, ok := key.Public().(*ecdsa.PublicKey)
		if ok && !ecdsa.VerifyASN1(public, digest[:], signature) {
			t.Error("the signature is wrong")
		}
	}
	open := func(uri string) *Key {
		t.Helper()
		key, err := Open(t.Context(), uri, nil)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	for range 2 { // the second time everything was closed
		one, two := open(first), open(second)
		signs(one)
		if err := errors.Join(one.Close(), one.Close()); err != nil {
			t.Error(err)
		}
		signs(two)
		for _, row := range []struct{ name, from, to, says string }{
			{"another token", "token=ocsp", "token=none", "another token of the same module"},
			{"another PIN", "pin-source=", "pin-value=1;x=", "restart this process"},
			{"another key", "object=", "object=no", "find the key"},
		} {
			key, err := Open(t.Context(), strings.Replace(first, row.from, row.to, 1), nil)
			if err == nil || key != nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: got %v, %v", row.name, key, err)
			}
			signs(two)
		}
		var signers sync.WaitGroup
		for range 20 {
			signers.Go(func() { signs(two) })
		}
		signers.Wait()
		if err := two.Close(); err != nil {
			t.Error(err)
		}
	}
}
