// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command service is an HTTP service that only callers with a stapled token can
// reach. It tells them who they are. Start a CA first, and leave it running:
//
//	go run ./cmd/stapled up --dir ./stack
//
// Then, in another terminal:
//
//	go run ./examples/service -anchor ./stack/certs/root_ca.crt -audience orders
//
// And call it, or run examples/client, which does it again and again:
//
//	curl -H "Authorization: Bearer $(go run ./cmd/stapled token --dir ./stack --audience orders)" http://127.0.0.1:8080
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

func main() {
	anchor := flag.String("anchor", "", "PEM `file` of the CA certificates to trust (required)")
	audience := flag.String("audience", "orders", "the audience that tokens must name")
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to listen on")
	flag.Parse()
	if *anchor == "" || *audience == "" || *listen == "" {
		fmt.Fprintln(os.Stderr, "-anchor, -audience and -listen must not be empty: name the CA certificates to trust, whom tokens are for, and where to listen")
		flag.Usage()
		os.Exit(2)
	}
	log.Fatal(run(*anchor, *audience, *listen))
}

func run(anchor, audience, listen string) error {
	// Every refusal is the same 401; the reason is in this log.
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	file := certs.AnchorFile{File: anchor}
	anchors, err := certs.LoadAnchorFiles(file)
	if err != nil {
		return fmt.Errorf("-anchor: %w", err)
	}
	for _, warning := range anchors.Warnings() {
		logger.Warn(warning)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: audience})
	if err != nil {
		return err
	}
	// A CA can be added to the file, or removed from it, while the service runs.
	reloader := certs.AnchorReloader{Files: []certs.AnchorFile{file}, Use: v.SetAnchors, Logger: logger}
	go reloader.Run(context.Background(), anchors)
	g, err := gateway.New(gateway.Config{Verifier: v, Logger: logger})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           g.Wrap(http.HandlerFunc(greet)),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	logger.Info("listening", "url", "http://"+listener.Addr().String())
	return server.Serve(listener)
}

// greet runs only for an accepted token. Acceptance says who is calling, not
// what the caller may do: the service must decide that.
func greet(w http.ResponseWriter, r *http.Request) {
	token, ok := gateway.FromContext(r.Context())
	if !ok {
		http.Error(w, "not behind a gateway", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "Hello %s. Your token would be accepted until %s.\n", token.Identity(), token.FreshUntil().UTC().Format(time.RFC3339))
}
