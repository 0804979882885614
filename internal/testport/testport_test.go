// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testport

import (
	"net"
	"testing"
)

func reserve(t *testing.T) (string, func() error) {
	t.Helper()
	address, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	return address, release
}

func TestReserve(t *testing.T) {
	one, releaseOne := reserve(t)
	two, releaseTwo := reserve(t)
	if one == two {
		t.Errorf("%s is given twice", one)
	}
	l, err := net.Listen("tcp", one)
	if err != nil {
		t.Fatalf("what is reserved is not free: %v", err)
	}
	// The server is still there when the mark is gone.
	for _, release := range []func() error{releaseOne, releaseTwo} {
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
	three, releaseThree := reserve(t)
	if three == one {
		t.Errorf("%s is given, and something listens there", one)
	}
	if err := releaseThree(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
