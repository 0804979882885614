// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

// exampleFiles writes the files that a service gets from its CA.
func exampleFiles() (dir string) {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	identity := stapledtest.NewCA(new(testing.T)).Identity("https://orders.internal")
	anchor := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Anchor.Raw})
	err = errors.Join(
		identity.Save(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")),
		os.WriteFile(filepath.Join(dir, "root_ca.crt"), anchor, 0o600))
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

// A service loads its certificate and the private key it signs with.
func ExampleLoadIdentity() {
	dir := exampleFiles()
	defer os.RemoveAll(dir)

	identity, err := certs.LoadIdentity(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if errors.Is(err, certs.ErrEncrypted) {
		log.Fatal("use LoadEncryptedIdentity")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(identity.Leaf().URIs[0])

	// A file without a private key, such as the root's, is not an identity.
	_, err = certs.LoadIdentity(filepath.Join(dir, "root_ca.crt"), "")
	fmt.Println("no identity:", err != nil)
	// Output:
	// https://orders.internal
	// no identity: true
}

// A verifier trusts only the anchors it is configured with.
func ExampleLoadAnchors() {
	dir := exampleFiles()
	defer os.RemoveAll(dir)

	anchors, err := certs.LoadAnchors(filepath.Join(dir, "root_ca.crt"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(anchors.All()), "anchor")

	// A service's certificate is not an anchor.
	_, err = certs.LoadAnchors(filepath.Join(dir, "cert.pem"))
	fmt.Println("refused:", err != nil)
	// Output:
	// 1 anchor
	// refused: true
}

// Trust two CAs while one replaces the other.
func ExampleNewAnchors() {
	before := stapledtest.NewCA(new(testing.T)).Anchors()
	after := stapledtest.NewCA(new(testing.T)).Anchors()

	anchors, err := certs.NewAnchors(append(before.Certificates(), after.Certificates()...)...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(anchors.All()), "anchors")
	// Output: 2 anchors
}

// When something else renews the certificate, the issuer switches to the new
// one.
func ExampleReloader() {
	ctx := context.Background()
	var (
		identity *certs.Identity // in use, from LoadIdentity
		signer   *issuer.Issuer  // signs with it
	)
	reloader := certs.Reloader{
		CertFile: "cert.pem", KeyFile: "key.pem", Logger: slog.Default(),
		Use: func(ctx context.Context, renewed *certs.Identity) error {
			keeper, err := stapler.New(stapler.Config{Chain: renewed.Chain, Anchor: renewed.Anchor})
			if err != nil {
				return err
			}
			go keeper.Run(ctx)
			if err := keeper.Wait(ctx); err != nil {
				return err // offered again later; the old one stays in use
			}
			return signer.Rotate(renewed, keeper)
		},
	}
	log.Print(reloader.Run(ctx, identity))
}

// A service trusts two CAs, each only for its own names, and takes up their next
// roots while it runs.
func ExampleAnchorReloader() {
	files := []certs.AnchorFile{
		{File: "a.pem", Scope: []string{"spiffe://a.example", ".a.example"}, Label: "a"},
		{File: "b.pem", Scope: []string{"spiffe://b.example"}, Label: "b"},
	}
	anchors, err := certs.LoadAnchorFiles(files...)
	if err != nil {
		log.Fatal(err)
	}
	for _, warning := range anchors.Warnings() {
		slog.Warn(warning)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	reloader := certs.AnchorReloader{Files: files, Use: v.SetAnchors, Logger: slog.Default()}
	log.Print(reloader.Run(context.Background(), anchors))
}
