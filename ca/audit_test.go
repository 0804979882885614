// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/smallstep/certificates/api"
	"github.com/stapledjwt/stapled/stepca"
	"golang.org/x/crypto/ocsp"
)

// audited returns the lines of a log that are about certificates, as objects.
func audited(t *testing.T, logged *lines) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(logged.String()) {
		var entry map[string]any
		must(t, json.Unmarshal([]byte(line), &entry))
		if text, _ := entry["msg"].(string); strings.Contains(text, "certificate") || text == "administration" {
			delete(entry, "time")
			delete(entry, "not_after")
			found = append(found, entry)
		}
	}
	return found
}

func wantAudited(t *testing.T, logged *lines, want ...map[string]any) {
	t.Helper()
	got := audited(t, logged)
	same := func(a, b map[string]any) bool {
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		must(t, errX, errY)
		return string(x) == string(y)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("logged %v, want %v", got, want)
	}
}

func auditLog() (*lines, *slog.Logger) {
	logged := new(lines)
	return logged, slog.New(slog.NewJSONHandler(logged, nil))
}

// TestAudit: one line for each certificate issued, renewed and revoked, however
// that was asked for, and none for what was refused.
func TestAudit(t *testing.T) {
	t.Parallel()
	logged, log := auditLog()
	l := layout(newCA(t))
	c, _ := run(t, string(l), Config{Logger: log})
	client := clientOf(t, string(l))
	line := func(what, serial string, more map[string]any) map[string]any {
		entry := map[string]any{"level": "INFO", "msg": what, "serial": serial, "provisioner": "stapled", "provisioner_type": "JWK"}
		maps.Copy(entry, more)
		return entry
	}
	about := map[string]any{"subject": "CN=a.internal", "sans": []string{"spiffe://x/a", "a.internal"}}
	revoked := func(reason, text string, by map[string]any) map[string]any {
		entry := maps.Clone(about)
		entry["reason"], entry["reason_text"] = reason, text
		maps.Copy(entry, by)
		return entry
	}

	issued, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal", SANs: []string{"a.internal", "spiffe://x/a"}})
	must(t, err)
	rekeyed, err := client.Rekey(t.Context(), issued)
	must(t, err)
	mutual := httpClient(t, client.Root(), clientCertificate(rekeyed))
	var renewed api.SignResponse
	must(t, post(t, mutual, c.URL()+"/1.0/renew", nil, &renewed))
	serial := rekeyed.Leaf().SerialNumber.String()
	must(t, client.Revoke(t.Context(), rekeyed.Leaf().SerialNumber, ocsp.KeyCompromise, "stolen"))
	// By the certificate itself.
	own := httpClient(t, client.Root(), &tls.Certificate{Certificate: [][]byte{renewed.ServerPEM.Raw, client.Issuers()[0].Raw}, PrivateKey: rekeyed.Key})
	must(t, post(t, own, c.URL()+"/1.0/revoke",
		&api.RevokeRequest{Serial: renewed.ServerPEM.SerialNumber.String(), ReasonCode: ocsp.CessationOfOperation, Passive: true}, new(api.RevokeResponse)))
	// One that this CA has never issued.
	must(t, client.Revoke(t.Context(), big.NewInt(4711), ocsp.Unspecified, ""))
	// Refused, each.
	if err := client.Revoke(t.Context(), rekeyed.Leaf().SerialNumber, ocsp.KeyCompromise, "stolen"); err == nil {
		t.Error("revoked twice")
	}
	if _, err := client.Rekey(t.Context(), rekeyed); err == nil {
		t.Error("renewed what is revoked")
	}
	wantAudited(t, logged,
		line("certificate issued", issued.Leaf().SerialNumber.String(), about),
		line("certificate renewed with a new key", serial, about),
		line("certificate renewed", renewed.ServerPEM.SerialNumber.String(), about),
		line("certificate revoked", serial, revoked("keyCompromise", "stolen", nil)),
		line("certificate revoked", renewed.ServerPEM.SerialNumber.String(), revoked("cessationOfOperation", "", map[string]any{"by": "the certificate itself"})),
		line("certificate revoked", "4711", map[string]any{"reason": "unspecified", "reason_text": ""}),
	)
}
