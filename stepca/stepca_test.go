// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

func TestNewRefuses(t *testing.T) {
	root := testca.New().Cert
	for _, row := range []struct {
		name string
		cfg  Config
		says string
	}{
		{"no URL", Config{Root: root}, "https"},
		{"URL without TLS", Config{URL: "http://ca", Root: root}, "https"},
		{"URL that cannot be read, with a password", Config{URL: "https://user:hunter2@ca host", Root: root}, "cannot be read"},
		{"URL with a password", Config{URL: "http://user:hunter2@ca", Root: root}, "user name"},
		{"URL with a query", Config{URL: "https://ca/?a", Root: root}, "query"},
		{"no root", Config{URL: "https://ca"}, "root"},
		{"no issuers in the list", Config{URL: "https://ca", Root: root, Issuers: []*x509.Certificate{}}, "Issuers is empty"},
		{"X5C and a password", Config{URL: "https://ca", Root: root, Password: []byte("x"), X5C: func() (*certs.Identity, error) { return nil, nil }}, "X5C and Password"},
		{"OCSP URL is none", Config{URL: "https://ca", Root: root, OCSPURL: "ca"}, "OCSPURL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := New(row.cfg)
			wantOneLine(t, err, stapled.ConfigInvalid, row.says)
			if c != nil {
				t.Error("a client beside the error")
			}
		})
	}
}

func wantOneLine(t *testing.T, err error, want stapled.Reason, says string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	if text := err.Error(); !strings.Contains(text, says) || strings.Contains(text, "\n") || strings.Contains(text, "hunter2") {
		t.Errorf("error is not one line that says %q: %q", says, text)
	}
}

// TestOneTimeToken looks at what the CA receives: the claims that step-ca checks,
// signed by the provisioner.
func TestOneTimeToken(t *testing.T) {
	f := newFakeCA(t)
	var got struct {
		CSR, OTT, NotAfter string
	}
	f.handlers["/1.0/sign"] = func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		reply(http.StatusForbidden, `{"status":403,"message":"no"}`)(w, r)
	}
	_, err := f.client(t, nil).Enroll(t.Context(), EnrollRequest{Name: "a.internal", SANs: []string{"spiffe://x/a"}, Validity: time.Hour})
	wantOneLine(t, err, stapled.Refused, "403 Forbidden: no")
	token, err := jwt.ParseSigned(got.OTT, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		jwt.Claims
		SANs []string `json:"sans"`
		SHA  string   `json:"sha"`
	}
	if err := token.Claims(f.key.Public(), &claims); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(f.root.Cert.Raw)
	if claims.Issuer != provisionerName || claims.Subject != "a.internal" || claims.ID == "" || !claims.Audience.Contains(f.url+"/1.0/sign") ||
		len(claims.SANs) != 1 || claims.SANs[0] != "spiffe://x/a" || claims.SHA != hex.EncodeToString(sum[:]) ||
		claims.Expiry.Time().Sub(claims.IssuedAt.Time()) != tokenLifetime {
		t.Errorf("claims %+v", claims)
	}
	if got.NotAfter != "1h0m0s" {
		t.Errorf("notAfter %q", got.NotAfter)
	}
}

func TestEnroll(t *testing.T) {
	f := newFakeCA(t)
	c := f.client(t, nil)
	id, err := c.Enroll(t.Context(), EnrollRequest{Name: "a.internal"})
	if err != nil {
		t.Fatal(err)
	}
	if len(id.Chain) != 2 || !id.Anchor.Equal(f.root.Cert) || id.Leaf().DNSNames[0] != "a.internal" {
		t.Errorf("chain of %d, names %q", len(id.Chain), id.Leaf().DNSNames)
	}
	f.handlers["/1.0/rekey"] = func(w http.ResponseWriter, r *http.Request) {
		if peers := r.TLS.PeerCertificates; len(peers) != 2 || !peers[0].Equal(id.Leaf()) {
			t.Errorf("%d certificates of the client", len(peers))
		}
		f.sign(w, r)
	}
	if _, err := c.Rekey(t.Context(), id); err != nil {
		t.Error(err)
	}
}

// TestUntruthfulCA: the client checks every reply before anyone relies on it.
func TestUntruthfulCA(t *testing.T) {
	f := newFakeCA(t)
	valid := testca.Valid(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	stranger := testca.New(testca.Named("Stranger"), valid).Intermediate(valid).Leaf(valid)
	for _, row := range []struct {
		name, path string
		handler    http.HandlerFunc
		says       string
	}{
		{"no certificate", "/1.0/sign", reply(http.StatusCreated, `{}`), "sent no certificate"},
		{"null for a certificate", "/1.0/sign", reply(http.StatusCreated, `{"certChain":[null]}`), "sent no certificate"},
		{"only the root", "/1.0/sign", answer(http.StatusCreated, map[string]any{"certChain": []string{pemOf(f.root.Cert)}}), "sent no certificate"},
		{"another key", "/1.0/sign", answer(http.StatusCreated, map[string]any{"certChain": []string{pemOf(stranger.Cert)}}), "a key other than"},
		{"no PEM", "/1.0/sign", reply(http.StatusCreated, `{"certChain":["x"]}`), "in a way that step-ca does not"},
		{"two in one", "/1.0/sign", answer(http.StatusCreated, map[string]any{"certChain": []string{pemOf(stranger.Cert) + pemOf(stranger.Cert)}}), "in a way that step-ca does not"},
		{"no JSON", "/1.0/sign", reply(http.StatusOK, "<html>"), "in a way that step-ca does not"},
		{"too much", "/1.0/sign", reply(http.StatusOK, strings.Repeat(" ", maxReply+1)), "more than 1048576 bytes"},
		{"redirect", "/1.0/sign", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, f.url+"/health", http.StatusTemporaryRedirect)
		}, "307 Temporary Redirect"},
		{"no reason", "/1.0/sign", reply(http.StatusInternalServerError, "oops"), "no reason given"},
		{"key that is no JWE", "/provisioners", reply(http.StatusOK, `{"provisioners":[{"type":"JWK","name":"admin","encryptedKey":"x"}]}`), "unreadable"},
		{"pages without end", "/provisioners", reply(http.StatusOK, `{"provisioners":[],"nextCursor":"a"}`), "pages of provisioners"},
	} {
		t.Run(row.name, func(t *testing.T) {
			original := f.handlers[row.path]
			f.handlers[row.path] = row.handler
			defer func() { f.handlers[row.path] = original }()
			id, err := f.client(t, nil).Enroll(t.Context(), EnrollRequest{Name: "a.internal"})
			wantOneLine(t, err, stapled.Refused, row.says)
			if id != nil {
				t.Error("an identity beside the error")
			}
		})
	}
	t.Run("certificate of another root", func(t *testing.T) {
		c := f.client(t, nil)
		_, err := c.identity(signResponse{Chain: []certificate{{stranger.Cert}, {stranger.Issuer.Cert}}}, stranger.Key)
		wantOneLine(t, err, stapled.Refused, "does not lead to its root")
	})
}

func TestRefusals(t *testing.T) {
	f := newFakeCA(t)
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake has to fail
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	enroll := func(req EnrollRequest, change func(*Config)) error {
		_, err := f.client(t, change).Enroll(t.Context(), req)
		return err
	}
	revoke := func(serial *big.Int, reason ocspstaple.CRLReason) error {
		return f.client(t, nil).Revoke(t.Context(), serial, reason, "")
	}
	named, one := EnrollRequest{Name: "a.internal"}, big.NewInt(1)
	for _, row := range []struct {
		name string
		err  error
		want stapled.Reason
		says string
	}{
		{"wrong password", enroll(named, func(c *Config) { c.Password = []byte("guess") }), stapled.WrongPassword, `the password does not open the key of provisioner "admin"`},
		{"no password", enroll(named, func(c *Config) { c.Password = nil }), stapled.ConfigInvalid, "the password is missing"},
		{"no provisioner", enroll(named, func(c *Config) { c.Provisioner = "" }), stapled.ConfigInvalid, "no provisioner name"},
		{"unknown provisioner", enroll(named, func(c *Config) { c.Provisioner = "nobody" }), stapled.ConfigInvalid, "nobody"},
		{"nobody there", enroll(named, func(c *Config) { c.URL = "https://127.0.0.1:1" }), stapled.Unreachable, "is it running"},
		{"not the CA", enroll(named, func(c *Config) { c.URL = stranger.URL }), stapled.Unreachable, "certificate"},
		{"no name", enroll(EnrollRequest{}, nil), stapled.ConfigInvalid, "name"},
		{"name that is no host name", enroll(EnrollRequest{Name: "x y"}, nil), stapled.ConfigInvalid, "could not name its issuer"},
		{"an IP address only", enroll(EnrollRequest{Name: "x", SANs: []string{"192.0.2.1"}}, nil), stapled.ConfigInvalid, "could not name its issuer"},
		{"no names in the list", enroll(EnrollRequest{Name: "a", SANs: []string{}}, nil), stapled.ConfigInvalid, "SANs is empty"},
		{"a URI without a host only", enroll(EnrollRequest{Name: "x", SANs: []string{"urn:example:x"}}, nil), stapled.ConfigInvalid, "could not name its issuer"},
		{"negative validity", enroll(EnrollRequest{Name: "a", Validity: -1}, nil), stapled.ConfigInvalid, "negative"},
		{"revoke: no serial", revoke(nil, 0), stapled.ConfigInvalid, "serial"},
		{"revoke: serial 0", revoke(new(big.Int), 0), stapled.ConfigInvalid, "serial"},
		{"revoke: negative serial", revoke(big.NewInt(-1), 0), stapled.ConfigInvalid, "serial"},
		{"revoke: unassigned reason", revoke(one, 7), stapled.ConfigInvalid, "reason"},
		{"revoke: removeFromCRL", revoke(one, 8), stapled.ConfigInvalid, "reason"},
		{"revoke: negative reason", revoke(one, -1), stapled.ConfigInvalid, "reason"},
		{"revoke: reason out of range", revoke(one, 11), stapled.ConfigInvalid, "reason"},
	} {
		t.Run(row.name, func(t *testing.T) { wantOneLine(t, row.err, row.want, row.says) })
	}
}

// TestAlreadyRevokedIsOneSentence: other refusals may speak of revocation too.
func TestAlreadyRevokedIsOneSentence(t *testing.T) {
	f := newFakeCA(t)
	for _, row := range []struct {
		name    string
		status  int
		message string
		want    stapled.Reason
	}{
		{"the sentence", 400, "The request could not be completed: certificate with serial number '5' is already revoked.", stapled.AlreadyRevoked},
		{"of another certificate", 400, "certificate with serial number '55' is already revoked", stapled.Refused},
		{"with another status", 500, "certificate with serial number '5' is already revoked", stapled.Refused},
		{"within another sentence", 401, "provisioner already revoked", stapled.Refused},
	} {
		t.Run(row.name, func(t *testing.T) {
			f.handlers["/1.0/revoke"] = answer(row.status, map[string]any{"status": row.status, "message": row.message})
			err := f.client(t, nil).Revoke(t.Context(), big.NewInt(5), 0, "")
			if e, ok := errors.AsType[*stapled.Error](err); !ok || e.Reason != row.want {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

func TestRenewExpired(t *testing.T) {
	f := newFakeCA(t)
	leaf := f.intermediate.Leaf(testca.Valid(time.Now().Add(-time.Hour), time.Now().Add(-time.Second)))
	id := &certs.Identity{Chain: []*x509.Certificate{leaf.Cert, f.intermediate.Cert}, Key: leaf.Key}
	c := f.client(t, nil)
	_, err := c.Renew(t.Context(), id)
	wantOneLine(t, err, stapled.Refused, "enroll again")
	_, err = c.Rekey(t.Context(), id)
	wantOneLine(t, err, stapled.Refused, "enroll again")
}

func TestCanceled(t *testing.T) {
	f := newFakeCA(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.handlers["/health"] = func(http.ResponseWriter, *http.Request) { cancel() } // and an empty answer
	err := f.client(t, nil).Health(ctx)
	if !errors.Is(err, stapled.Canceled) || !errors.Is(err, context.Canceled) || errors.Is(err, stapled.Unreachable) {
		t.Errorf("got %v, want %v", err, stapled.Canceled)
	}
}

func TestFetchRoot(t *testing.T) {
	f := newFakeCA(t)
	sum := sha256.Sum256(f.root.Cert.Raw)
	fingerprint := hex.EncodeToString(sum[:])
	root, err := FetchRoot(t.Context(), f.url, strings.ToUpper(fingerprint))
	if err != nil || !root.Equal(f.root.Cert) {
		t.Fatalf("got %v, %v", root, err)
	}
	_, err = FetchRoot(t.Context(), f.url, "abcd")
	wantOneLine(t, err, stapled.ConfigInvalid, "fingerprint")
	_, err = FetchRoot(t.Context(), f.url, strings.Repeat("0", 64))
	wantOneLine(t, err, stapled.Refused, "404")
	f.handlers["/root/"+fingerprint] = answer(http.StatusOK, map[string]any{"ca": pemOf(f.intermediate.Cert)})
	_, err = FetchRoot(t.Context(), f.url, fingerprint)
	wantOneLine(t, err, stapled.Refused, "another fingerprint")
}

func TestHealthAndRoots(t *testing.T) {
	f := newFakeCA(t)
	c := f.client(t, nil)
	if err := c.Health(t.Context()); err != nil {
		t.Error(err)
	}
	f.handlers["/health"] = reply(http.StatusOK, `{"status":"ill"}`)
	wantOneLine(t, c.Health(t.Context()), stapled.Refused, `"ill"`)
	if roots, err := c.Roots(t.Context()); err != nil || len(roots) != 1 {
		t.Errorf("%d roots, %v", len(roots), err)
	}
	f.handlers["/roots"] = reply(http.StatusCreated, `{"crts":[]}`)
	_, err := c.Roots(t.Context())
	wantOneLine(t, err, stapled.Refused, "no root")
}
