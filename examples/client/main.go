// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command client calls examples/service every two seconds, with stapled tokens
// that its http.Client adds by itself. With `stapled up` and the service
// running as described in the service's comment, let `stapled token` enroll a
// certificate:
//
//	go run ./cmd/stapled token --dir ./stack --name client --audience orders
//	go run ./examples/client -cert ./stack/identities/client/cert.pem -key ./stack/identities/client/key.pem
//
// Then revoke it:
//
//	go run ./cmd/stapled revoke --dir ./stack --cert ./stack/identities/client/cert.pem
//
// The client stops when it learns of the revocation. This takes up to about
// half of a staple's validity, which is five minutes by default; start the
// stack with --staple-validity 20s to see it sooner. It continues if another
// certificate is in the files within that time: delete the directory, and
// enroll once more.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func main() {
	cert := flag.String("cert", "", "PEM `file` of the certificate chain, leaf first (required)")
	key := flag.String("key", "", "PEM `file` of the private key (required)")
	service := flag.String("url", "http://127.0.0.1:8080", "the service to call")
	audience := flag.String("audience", "orders", "the audience that the service expects")
	flag.Parse()
	if *cert == "" || *key == "" {
		fmt.Fprintln(os.Stderr, "-cert and -key are required: name the files of the certificate to sign with")
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	identity, err := certs.LoadIdentity(*cert, *key)
	if err != nil {
		log.Fatalf("-cert, -key: %v", err)
	}
	keeper, drop, err := keep(ctx, identity)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := issuer.New(issuer.Config{Identity: identity, Staples: keeper})
	if err != nil {
		log.Fatal(err)
	}
	// Whatever renews the certificate rewrites these files.
	files := certs.Reloader{CertFile: *cert, KeyFile: *key, Logger: slog.Default()}
	files.Use = func(ctx context.Context, renewed *certs.Identity) error {
		keeper, dropNew, err := keep(ctx, renewed)
		if err != nil {
			return err
		}
		if err := signer.Rotate(renewed, keeper); err != nil {
			dropNew()
			return err
		}
		drop()
		drop = dropNew
		return nil
	}
	go files.Run(ctx, identity)
	transport, err := issuer.NewTransport(issuer.TransportConfig{Issuer: signer, Audience: *audience, Origins: []string{*service}})
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	for ctx.Err() == nil {
		if err := call(client, *service); err != nil {
			log.Fatal(err) // without a fresh staple there is no token, and no call
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

// keep waits for the first staple of a certificate, and keeps it fresh until it
// is dropped.
func keep(ctx context.Context, identity *certs.Identity) (_ *stapler.Stapler, drop func(), _ error) {
	// It asks the OCSP responder that the certificate names.
	keeper, err := stapler.New(stapler.Config{Chain: identity.Chain, Logger: slog.Default()})
	if err != nil {
		return nil, nil, err
	}
	running, drop := context.WithCancel(ctx)
	go keeper.Run(running) // what ends it, Current tells everybody who signs
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := keeper.Wait(waiting); err != nil {
		drop()
		return nil, nil, err
	}
	return keeper, drop, nil
}

func call(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	fmt.Printf("%s: %s", response.Status, body)
	return err
}
