// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/terminal"
)

type ocspQueryFlags struct {
	cert, issuer, url, hash string
	get, nonce              bool
	der, response, at       string
	hashGiven               bool
}

// certIDHashes are the values of --hash.
var certIDHashes = []struct {
	name string
	hash crypto.Hash
}{{"sha1", crypto.SHA1}, {"sha256", crypto.SHA256}, {"sha384", crypto.SHA384}, {"sha512", crypto.SHA512}}

// nonceOctets is the length that RFC 9654 §2.1 asks of clients.
const nonceOctets = 32

func newOCSPQueryCommand(a *app) *cobra.Command {
	var f ocspQueryFlags
	cmd := &cobra.Command{
		Use:   "query --cert FILE [flags]",
		Short: "Ask a responder about a certificate, and explain its answer",
		Long: `Ask an OCSP responder about a certificate. The result shows every field of the
response, who signed it and why the signer is entitled or not, and whether a
verifier with default settings accepts it as a staple.

The certificate is the first one in --cert. The issuer follows in that file, or
is in the file of --issuer. The responders are those that the certificate names,
up to four, asked in order until one answers; or the one of --url. Each has 10
seconds. Redirects are followed on the same host only.

--response shows a stored response instead: DER, as --der stores it.

Exit status: 0 if the certificate is good and verifiers accept the response; 1
if it is revoked or unknown, if verifiers refuse the response, or if its nonce is
not the one sent; 2 if there is no answer, which includes responses with an error
status such as unauthorized, or for mistakes in the command line.

--at takes an RFC 3339 time, such as 2026-01-31T12:00:00Z, also with a space
instead of the T, as this command prints times; or an offset from now, such as
+11m or -1h.`,
		Example: `  # The certificate of a stack, whose file holds the chain.
  stapled ocsp query --cert ./stack/identities/service.stapled.internal/cert.pem

  # Any CA, and a responder that knows SHA-1 only.
  stapled ocsp query --cert leaf.pem --issuer ca.pem --hash sha1 \
    --url http://127.0.0.1:8889 --nonce

  # Store a response, and look at it again as of an hour later.
  stapled ocsp query --cert chain.pem --der response.der
  stapled ocsp query --cert chain.pem --response response.der --at +1h --json`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.hashGiven = cmd.Flags().Changed("hash")
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			return a.ocspQuery(ctx, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.cert, "cert", "", "`FILE`: PEM file with the certificate, and its issuer after it (required)")
	flags.StringVar(&f.issuer, "issuer", "", "`FILE`: PEM file with the certificate of the issuer (default: it is in --cert)")
	flags.StringVar(&f.at, "at", "", "`TIME`: time for which the response is judged (default now)")
	flags.StringVar(&f.url, "url", "", "`URL`: URL of the responder, http or https (default those that the certificate names)")
	flags.StringVar(&f.hash, "hash", "sha256", "`HASH`: hash that identifies the issuer in the request: sha1, sha256, sha384 or sha512")
	flags.BoolVar(&f.nonce, "nonce", false, "a nonce of 32 octets in the request, which the responder may echo (RFC 9654)")
	flags.BoolVar(&f.get, "get", false, "GET instead of POST, as caches need it")
	flags.StringVar(&f.der, "der", "", "`FILE`: file in which to store the response, in DER")
	flags.StringVar(&f.response, "response", "", "`FILE`: file with a stored response, in DER, to show without a request")
	cli.InGroup(cmd, "The request", "url", "hash", "nonce", "get", "der")
	cli.InGroup(cmd, "Without a request", "response")
	cli.Complete(cmd, "hash", "sha1", "sha256", "sha384", "sha512")
	return cmd
}

// check finds contradictions before anything is read or sent.
func (f ocspQueryFlags) check() error {
	switch {
	case f.cert == "":
		return cli.Usagef("--cert FILE is missing: name the PEM file of the certificate")
	case f.response != "" && (f.url != "" || f.hashGiven || f.nonce || f.get || f.der != ""):
		return cli.Usagef("--response sends no request: leave out --url, --hash, --nonce, --get and --der, or leave out --response")
	}
	if f.url != "" {
		if err := ocspclient.CheckURL(f.url); err != nil {
			return cli.Usagef("--url %q: %w", f.url, err)
		}
	}
	if f.parsedHash() == 0 {
		return cli.Usagef("--hash %q must be sha1, sha256, sha384 or sha512", f.hash)
	}
	return nil
}

// parsedHash returns the hash, or 0 for none of the names.
func (f ocspQueryFlags) parsedHash() crypto.Hash {
	for _, known := range certIDHashes {
		if known.name == f.hash {
			return known.hash
		}
	}
	return 0
}

func (a *app) ocspQuery(ctx context.Context, f ocspQueryFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	clock, err := cli.ParseTime(f.at)
	if err != nil {
		return err
	}
	var q ocspview.Question
	if q.Certificate, q.Issuer, err = f.certificates(); err != nil {
		return err
	}
	var der []byte
	if f.response != "" {
		der, err = readResponse(f.response)
	} else {
		der, err = f.ask(ctx, &q)
	}
	if err != nil {
		return err
	}
	return a.printQuery(der, q, f, clock)
}

func (a *app) printQuery(der []byte, q ocspview.Question, f ocspQueryFlags, clock func() time.Time) error {
	q.At = clock() // an answer is not from the future
	view, err := ocspview.Dissect(der, q)
	switch {
	case err != nil && f.response != "":
		return fmt.Errorf("%s: %w", f.response, err)
	case err != nil:
		return err
	case a.JSON:
		err = a.PrintJSON(view)
	default:
		moment := "now"
		if f.at != "" {
			moment = "at"
		}
		err = a.Print(view.Text(terminal.Of(a.Stdout), moment))
	}
	if err != nil {
		return err
	}
	if !view.Good() {
		return &cli.Rejection{}
	}
	return nil
}

// ask sends the request, and stores the response if that was requested.
func (f ocspQueryFlags) ask(ctx context.Context, q *ocspview.Question) ([]byte, error) {
	urls, err := f.responders(q.Certificate)
	if err != nil {
		return nil, err
	}
	q.Hash = f.parsedHash()
	if f.nonce {
		q.Nonce = make([]byte, nonceOctets)
		_, _ = rand.Read(q.Nonce) // it never fails
	}
	request, err := ocspwire.RequestWithNonce(q.Certificate, q.Issuer, q.Hash, q.Nonce)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	der, attempts, err := ocspclient.Client{Get: f.get}.Ask(ctx, urls, request)
	if err != nil {
		return nil, err
	}
	q.Asked = attempts
	if f.der != "" {
		if err := certs.WriteFile(f.der, der); err != nil {
			return nil, fmt.Errorf("store the response: %w", err)
		}
	}
	return der, nil
}

// readResponse reads a stored response.
func readResponse(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: give --response a file with an OCSP response in DER", err)
	}
	defer file.Close()
	der, err := io.ReadAll(io.LimitReader(file, ocspclient.MaxResponse+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the response: %w", err)
	case len(der) > ocspclient.MaxResponse:
		return nil, fmt.Errorf("%s: more than %d KiB, too large for an OCSP response: give --response one in DER", name, ocspclient.MaxResponse>>10)
	case len(der) == 0:
		return nil, errors.New(name + ": it is empty: give --response a file with an OCSP response in DER")
	}
	return der, nil
}
