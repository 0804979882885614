// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/stapledjwt/stapled/ca"
)

// A CA with an OCSP responder in this process: made, opened, run, asked whether it
// is well, and ended.
func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	dir = filepath.Join(dir, "ca")
	if err := ca.Init(dir, ca.InitConfig{Name: "Example"}); err != nil {
		log.Fatal(err) // a directory that is a CA already is left as it is
	}
	authority, err := ca.Open(dir, ca.Config{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- authority.Run(ctx) }()

	fmt.Println(health(authority))
	stop()
	fmt.Println("ended:", <-ended)
	// Output:
	// Example Root CA: {"status":"ok"}
	// ended: <nil>
}

// health asks as any client of step-ca does, by HTTPS below the root of the CA.
func health(authority *ca.CA) string {
	roots := x509.NewCertPool()
	roots.AddCert(authority.Root())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	resp, err := client.Get(authority.URL() + "/health")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	return authority.Root().Subject.CommonName + ": " + strings.TrimSpace(string(body))
}
