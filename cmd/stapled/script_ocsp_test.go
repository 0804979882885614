// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// authorityOf returns the CA of this name, which has the same key each time.
func authorityOf(name string) *testca.Party {
	now := time.Now()
	return testca.New(testca.Named(name), testca.Valid(now.Add(-time.Hour), now.AddDate(1, 0, 0)))
}

func writePEM(ts *testscript.TestScript, p *testca.Party, certificate, key string, chain ...*testca.Party) {
	var content []byte
	for _, c := range append([]*testca.Party{p}, chain...) {
		content = append(content, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Cert.Raw})...)
	}
	ts.Check(certs.WriteFile(ts.MkAbs(certificate), content))
	if key == "" {
		return
	}
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	ts.Check(err)
	ts.Check(certs.WriteFile(ts.MkAbs(key), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func authorityCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2)
	dir, ca := args[0], authorityOf(args[1])
	ts.Check(os.MkdirAll(ts.MkAbs(dir), 0o700))
	writePEM(ts, ca, filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem"))
	for _, name := range []string{"one", "two"} {
		now := time.Now()
		leaf := ca.Leaf(testca.Named(name), testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
		writePEM(ts, leaf, filepath.Join(dir, name+".pem"), "", ca)
	}
}

func delegateCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, 4)
	life, err := time.ParseDuration(args[2])
	ts.Check(err)
	name := "Responder"
	if len(args) == 4 {
		name = args[3]
	}
	now := time.Now()
	d := authorityOf(args[1]).Delegate(testca.Named(name), testca.Valid(now.Add(-life/10), now.Add(life)))
	writePEM(ts, d, filepath.Join(args[0], "delegate.pem"), filepath.Join(args[0], "delegate-key.pem"))
}

func crlCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, 10)
	number, err := strconv.ParseInt(args[2], 10, 64)
	ts.Check(err)
	now := time.Now()
	list := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: now.Add(-time.Second), NextUpdate: now.Add(time.Hour)}
	for _, file := range args[3:] {
		chain, err := certs.LoadChain(ts.MkAbs(file))
		ts.Check(err)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: chain[0].SerialNumber, RevocationTime: now.Add(-time.Second), ReasonCode: 1,
		})
	}
	ca := authorityOf(args[1])
	der, err := x509.CreateRevocationList(rand.Reader, list, ca.Cert, ca.Key)
	ts.Check(err)
	ts.Check(certs.WriteFile(ts.MkAbs(args[0]), der))
}

// becomesCommand is status, again and again until the command ends so.
func becomesCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 50)
	got := ""
	eventually(ts, func() bool {
		got = "0"
		if err := ts.Exec(args[1], args[2:]...); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				ts.Fatalf("%v", err)
			}
			got = strconv.Itoa(exit.ExitCode())
		}
		return got == args[0]
	}, func() string { return strings.Join(args[1:], " ") + " still ends with status " + got })
}

// loggedCommand waits for a line of a background command's log, which goes to a
// file.
func loggedCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2)
	eventually(ts, func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && strings.Contains(string(text), args[1])
	}, func() string {
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		return args[0] + " does not contain " + args[1] + ":\n" + string(text)
	})
}
