// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/delegation"
	"github.com/stapledjwt/stapled/internal/kmskey"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/responder/delegate"
	"github.com/stapledjwt/stapled/stepca"
)

type ocspDelegateFlags struct {
	ca                delegation.CA
	cert, key, issuer string
	printTemplate     bool
}

// delegationResult is what `stapled ocsp delegate` prints.
type delegationResult struct {
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	Serial      string    `json:"serial"`
	SerialHex   string    `json:"serial_hex"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	// RenewBy is two thirds of its life.
	RenewBy time.Time `json:"renew_by"`
}

func newOCSPDelegateCommand(a *app) *cobra.Command {
	var f ocspDelegateFlags
	cmd := &cobra.Command{
		Use:   "delegate --ca-url URL --root FILE --provisioner NAME --cert FILE --key FILE [flags]",
		Short: "Obtain an OCSP signing certificate from step-ca",
		Long: `Obtain a delegated OCSP signing certificate from a running step-ca (RFC 6960
§4.2.2.2), so that a responder needs no key of the CA.

The CA needs a provisioner for it, with the template that --print-template
prints. Anyone who can use that provisioner can answer for the CA, so let it
serve nothing else. It is of type JWK, and --password-file has its password; or
of type X5C, and --x5c-cert and --x5c-key authorize the request.

The certificate is checked before anything is written: OCSPSigning and
digitalSignature alone, id-pkix-ocsp-nocheck, issued by the CA itself, and a key
that verifiers accept. If the CA ignored the request, the error says what to add
to ca.json. Both files are replaced atomically, with mode 0600; a file that
holds something else is not replaced.

--key may also be the URI of a key that exists: pkcs11: for one in a device (RFC
7512), softkms: for one in a file. Then only the certificate is written.`,
		Example: `  # On the CA: the template, and a provisioner that uses it. The provisioner has
  # a password of its own.
  stapled ocsp delegate --print-template > $(step path)/templates/ocsp-delegate.tpl
  step ca provisioner add ocsp --type JWK --create --x509-default-dur 24h \
    --x509-template $(step path)/templates/ocsp-delegate.tpl

  # On the responder's machine.
  stapled ocsp delegate --ca-url https://ca.internal:9000 --root root_ca.crt \
    --provisioner ocsp --password-file ocsp.password --cert ocsp.crt --key ocsp.key

  # The key is in a device.
  stapled ocsp delegate --ca-url https://ca.internal:9000 --root root_ca.crt \
    --provisioner ocsp --password-file ocsp.password --cert ocsp.crt --key \
    'pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=ocsp;object=k1?pin-source=pin'`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.printTemplate {
				return a.printTemplate()
			}
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			return a.ocspDelegate(ctx, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.ca.URL, "ca-url", "", "`URL`: URL of the step-ca API, https (required)")
	flags.StringVar(&f.ca.Root, "root", "", "`FILE`: PEM file with the root certificate of the CA (required)")
	flags.StringVar(&f.ca.Provisioner, "provisioner", "", "`NAME`: name of the provisioner that has the template (required)")
	flags.StringVar(&f.ca.PasswordFile, "password-file", "", "`FILE`: file with the password of a JWK provisioner, or of --x5c-key")
	flags.StringVar(&f.ca.X5CCert, "x5c-cert", "", "`FILE`: PEM file with a certificate chain for an X5C provisioner")
	flags.StringVar(&f.ca.X5CKey, "x5c-key", "", "`FILE`: PEM file with its key (default: it is in --x5c-cert)")
	flags.StringVar(&f.cert, "cert", "", "`FILE`: file in which to write the certificate and the chain above it (required)")
	flags.StringVar(&f.key, "key", "", "`FILE`: file in which to write the new key, or the URI of an existing key (required)")
	flags.StringVar(&f.issuer, "issuer", "", "`FILE`: PEM file with the CA certificate to sign for (default the one that issues)")
	flags.StringVar(&f.ca.Name, "name", stepca.DelegateName, "`NAME`: common name of the certificate")
	flags.DurationVar(&f.ca.Validity, "validity", 0, "`DURATION`: lifetime of the certificate (default: the provisioner decides)")
	flags.BoolVar(&f.printTemplate, "print-template", false, "the template for step-ca, instead of a certificate")
	cli.InGroup(cmd, "The provisioner", "ca-url", "root", "provisioner", "password-file", "x5c-cert", "x5c-key")
	return cmd
}

func (a *app) printTemplate() error {
	if a.JSON {
		return a.PrintJSON(map[string]string{"template": stepca.DelegateTemplate})
	}
	return a.Print(stepca.DelegateTemplate)
}

// check finds contradictions before anything is read or sent.
func (f ocspDelegateFlags) check() error {
	switch {
	case f.ca.URL == "":
		return cli.Usagef("--ca-url URL is missing: give the URL of step-ca, such as https://ca.internal:9000")
	case f.ca.Root == "":
		return cli.Usagef("--root FILE is missing: name the PEM file of the CA's root certificate")
	case f.ca.Provisioner == "":
		return cli.Usagef("--provisioner NAME is missing: name the provisioner that has the template")
	case f.ca.X5CCert == "" && f.ca.X5CKey != "":
		return cli.Usagef("--x5c-key has no certificate: give it with --x5c-cert")
	case f.ca.X5CCert == "" && f.ca.PasswordFile == "":
		return cli.Usagef("nothing authorizes the request: give --password-file for a JWK provisioner, or --x5c-cert and --x5c-key for an X5C provisioner")
	case f.cert == "":
		return cli.Usagef("--cert FILE is missing: name the file in which to write the certificate")
	case f.key == "":
		return cli.Usagef("--key FILE is missing: name the file in which to write the key, or give the URI of a key")
	case f.ca.Validity < 0:
		return cli.Usagef("--validity %s is negative: write it like 24h", f.ca.Validity)
	}
	return nil
}

func (a *app) ocspDelegate(ctx context.Context, f ocspDelegateFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	keyFile := f.key
	var existing crypto.Signer // nil for a new key
	if kmskey.IsURI(f.key) {
		key, openErr := kmskey.Open(ctx, f.key, nil)
		if openErr != nil {
			return fmt.Errorf("--key: %w", openErr)
		}
		defer func() { err = errors.Join(err, key.Close()) }()
		keyFile, existing = "", key
	}
	if err := delegate.CheckTargets(f.cert, keyFile); err != nil {
		return err
	}
	id, err := f.ca.Obtain(ctx, existing)
	if err != nil {
		return err
	}
	issuer, err := f.issuerOf(id)
	if err != nil {
		return err
	}
	if err := delegate.Check(id, issuer); err != nil {
		return fmt.Errorf("the CA issued a certificate that cannot sign for %s: %w", certname.Of(issuer), err)
	}
	if err := delegate.Save(id, f.cert, keyFile); err != nil {
		return fmt.Errorf("write the delegate: %w", err)
	}
	leaf := id.Leaf()
	result := delegationResult{
		Certificate: f.cert, Key: kmskey.WithoutPIN(f.key), Subject: leaf.Subject.String(), Issuer: issuer.Subject.String(),
		Serial: leaf.SerialNumber.String(), SerialHex: fmt.Sprintf("%#x", leaf.SerialNumber),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
		RenewBy: leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) * 2 / 3).UTC(),
	}
	if a.JSON {
		return a.PrintJSON(result)
	}
	return a.Print(result.text(terminal.Of(a.Stdout)))
}

func (d delegationResult) text(t terminal.Terminal) string {
	var b strings.Builder
	b.WriteString(t.Paint(terminal.Green, "delegate obtained") + "\n")
	p := terminal.Page{Terminal: t, Out: &b}
	p.Field("signs for", d.Issuer)
	p.Field("subject", d.Subject)
	p.Serial("serial", d.Serial)
	p.Field("valid until", terminal.Stamp(d.NotAfter))
	p.Field("renew by", terminal.Stamp(d.RenewBy))
	p.Whole("certificate", d.Certificate)
	p.Whole("key", d.Key)
	return b.String()
}

// issuerOf returns the CA that the delegate shall sign for.
func (f ocspDelegateFlags) issuerOf(id *certs.Identity) (*x509.Certificate, error) {
	if f.issuer != "" {
		list, err := certs.LoadChain(f.issuer)
		if err != nil {
			return nil, fmt.Errorf("%w: give --issuer the PEM file of a CA certificate", err)
		}
		return list[0], nil
	}
	if len(id.Chain) > 1 {
		return id.Chain[1], nil
	}
	return id.Anchor, nil
}
