// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto"
	"errors"
	"net"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// askOwnResponder finds whether the responder of `stapled up` answers from the
// database of the directory.
func (e *examination) askOwnResponder(ctx context.Context) {
	if e.directory == nil || e.directory.ownAddress == "" {
		return
	}
	host, port, err := net.SplitHostPort(e.directory.ownAddress)
	if err != nil {
		return
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	e.own = e.knowsIssued(ctx, []string{"http://" + net.JoinHostPort(host, port)})
}

// knowsIssued reports whether a responder knows what the CA has issued: it says
// unknown about a serial number that nobody has issued, in an answer that
// verifiers believe. One that follows a CRL says good (RFC 6960 §2.2). One that
// knows the CA by SHA-1 only says unknown by SHA-256, whatever it knows, so no
// answer by either may be another.
func (e *examination) knowsIssued(ctx context.Context, urls []string) bool {
	if e.issuing == nil || len(urls) == 0 {
		return false
	}
	unknown := false
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA1} {
		subject := e.neverIssued()
		request, err := ocspwire.Request(subject, e.issuing, hash)
		if err != nil {
			return false
		}
		var der []byte
		e.ask(ctx, "the responder "+urls[0], func(ctx context.Context) {
			der, _, err = ocspclient.Client{Timeout: StepTimeout}.Ask(ctx, urls, request)
		})
		if _, said := errors.AsType[*ocspclient.ErrorStatus](err); said {
			continue // it does not know the CA by this hash
		}
		if err != nil {
			return false
		}
		staple, err := ocspstaple.Slim(der, subject, e.issuing, e.now(), 0)
		if err != nil {
			return false
		}
		freshness := ocspstaple.Freshness{MaxAge: e.cfg.MaxStapleAge}
		if !errors.Is(staple.Check(e.now(), freshness), stapled.StapleUnknown) || staple.CheckFresh(e.now(), freshness) != nil {
			return false
		}
		unknown = true
	}
	return unknown
}
