// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/db"
	"golang.org/x/crypto/ssh"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// auditor logs a line for each certificate once step-ca has stored it, no
// matter how it was requested: by token, mutual TLS, ACME or SCEP. It
// implements authority.Meter.
type auditor struct{ log *slog.Logger }

func (a auditor) x509(what string, chain []*x509.Certificate, p provisioner.Interface, err error) {
	if err != nil || len(chain) == 0 {
		return // the handler that answers logs the refusal
	}
	args := append(describe(chain[0]), "not_after", chain[0].NotAfter.UTC())
	a.log.Info(what, append(args, by(p)...)...)
}

func (a auditor) ssh(what string, cert *ssh.Certificate, p provisioner.Interface, err error) {
	if err != nil || cert == nil {
		return
	}
	args := []any{"serial", strconv.FormatUint(cert.Serial, 10), "key_id", cert.KeyId, "principals", cert.ValidPrincipals}
	a.log.Info(what, append(args, by(p)...)...)
}

// describe names a certificate by its serial number, as `stapled revoke` takes
// it, its subject and its names.
func describe(cert *x509.Certificate) []any {
	var sans []string
	for _, uri := range cert.URIs {
		sans = append(sans, uri.String())
	}
	sans = slices.Concat(sans, cert.DNSNames, cert.EmailAddresses)
	for _, ip := range cert.IPAddresses {
		sans = append(sans, ip.String())
	}
	return []any{"serial", cert.SerialNumber.String(), "subject", cert.Subject.String(), "sans", sans}
}

// by names the provisioner that authorized the request.
func by(p provisioner.Interface) []any {
	if p == nil {
		return nil
	}
	return []any{"provisioner", p.GetName(), "provisioner_type", p.GetType().String()}
}

// X509Signed implements authority.Meter.
func (a auditor) X509Signed(chain []*x509.Certificate, p provisioner.Interface, err error) {
	a.x509("certificate issued", chain, p, err)
}

// X509Renewed implements authority.Meter.
func (a auditor) X509Renewed(chain []*x509.Certificate, p provisioner.Interface, err error) {
	a.x509("certificate renewed", chain, p, err)
}

// X509Rekeyed implements authority.Meter.
func (a auditor) X509Rekeyed(chain []*x509.Certificate, p provisioner.Interface, err error) {
	a.x509("certificate renewed with a new key", chain, p, err)
}

// SSHSigned implements authority.Meter.
func (a auditor) SSHSigned(cert *ssh.Certificate, p provisioner.Interface, err error) {
	a.ssh("SSH certificate issued", cert, p, err)
}

// SSHRenewed implements authority.Meter.
func (a auditor) SSHRenewed(cert *ssh.Certificate, p provisioner.Interface, err error) {
	a.ssh("SSH certificate renewed", cert, p, err)
}

// SSHRekeyed implements authority.Meter.
func (a auditor) SSHRekeyed(cert *ssh.Certificate, p provisioner.Interface, err error) {
	a.ssh("SSH certificate renewed with a new key", cert, p, err)
}

// X509WebhookAuthorized implements authority.Meter.
func (auditor) X509WebhookAuthorized(provisioner.Interface, error) {}

// X509WebhookEnriched implements authority.Meter.
func (auditor) X509WebhookEnriched(provisioner.Interface, error) {}

// SSHWebhookAuthorized implements authority.Meter.
func (auditor) SSHWebhookAuthorized(provisioner.Interface, error) {}

// SSHWebhookEnriched implements authority.Meter.
func (auditor) SSHWebhookEnriched(provisioner.Interface, error) {}

// KMSSigned implements authority.Meter.
func (auditor) KMSSigned(error) {}

// auditedDatabase logs revocations when they are recorded: step-ca can answer a
// request with an error although the certificate is now revoked, for example
// when it cannot store the new CRL. It embeds the database itself because
// step-ca looks for more methods on it than db.AuthDB has.
type auditedDatabase struct {
	*db.DB
	ca *CA
}

func (c *CA) auditedDatabase() (*auditedDatabase, error) {
	stepDB, ok := c.database.AuthDB.(*db.DB)
	if !ok {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "a database of type %T cannot hold what step-ca keeps", c.database.AuthDB)
	}
	return &auditedDatabase{stepDB, c}, nil
}

// Revoke implements db.AuthDB.
func (d *auditedDatabase) Revoke(info *db.RevokedCertificateInfo) error {
	if err := d.DB.Revoke(info); err != nil {
		return err
	}
	args := []any{"serial", info.Serial}
	if cert, err := d.GetCertificate(info.Serial); err == nil {
		args = describe(cert)
	}
	args = append(args, "reason", ocspstaple.CRLReason(info.ReasonCode).String(), "reason_text", info.Reason)
	d.ca.log.Info("certificate revoked", append(args, d.who(info)...)...)
	return nil
}

// RevokeSSH implements db.AuthDB.
func (d *auditedDatabase) RevokeSSH(info *db.RevokedCertificateInfo) error {
	if err := d.DB.RevokeSSH(info); err != nil {
		return err
	}
	args := []any{"serial", info.Serial, "reason_text", info.Reason}
	d.ca.log.Info("SSH certificate revoked", append(args, d.who(info)...)...)
	return nil
}

// who names the authority for a revocation: the certificate's own key, or the
// provisioner that signed the token.
func (d *auditedDatabase) who(info *db.RevokedCertificateInfo) []any {
	var args []any
	switch {
	case info.MTLS:
		args = append(args, "by", "the certificate itself")
	case info.ACME:
		args = append(args, "by", "ACME")
	}
	p, err := d.ca.authority.LoadProvisionerByID(info.ProvisionerID)
	if err != nil {
		return args
	}
	return append(args, by(p)...)
}

// auditAdministration logs changes made through the administration of
// provisioners.
func (c *CA) auditAdministration(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(answer, r)
		log := c.log
		if answer.Status() >= http.StatusBadRequest {
			log = slog.New(c.requestLog) // anyone can be refused
		}
		log.InfoContext(r.Context(), "administration", "method", r.Method, "path", r.URL.Path, "status", answer.Status(), "from", r.RemoteAddr)
	})
}
