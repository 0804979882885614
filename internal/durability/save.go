// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
)

// init keeps main on one thread: strace counts the system calls of each thread.
func init() { runtime.LockOSThread() }

// save saves an identity with a key of this kind; each kind has one.
func save(certFile, keyFile, kind string) error {
	leaf := testca.New().Intermediate().Leaf(testca.Keyed(testca.Kind(kind)))
	id, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
	if err != nil {
		return err
	}
	return id.Save(certFile, keyFile)
}

// load succeeds if it finds an identity with a key of one of these kinds.
func load(certFile, keyFile string, kinds []string) error {
	id, err := certs.LoadIdentity(certFile, keyFile)
	if err != nil {
		return err
	}
	algorithm, err := certkey.AlgorithmFor(id.Key.Public())
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if string(algorithm) == kind {
			fmt.Println(kind)
			return nil
		}
	}
	return fmt.Errorf("the identity has a key for %s, and must be one of %q", algorithm, kinds)
}
