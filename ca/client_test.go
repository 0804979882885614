// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestEnrolKeys(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		req  EnrolRequest
	}{
		{"Ed25519", EnrolRequest{Name: "ed.internal", Key: ed}},
		{"RSA 2048", EnrolRequest{Name: "rsa.internal", Key: rsaKey}},
	} {
		t.Run(row.name, func(t *testing.T) {
			id, err := shared.client.Enrol(t.Context(), row.req)
			if err != nil {
				t.Fatal(err)
			}
			if !row.req.Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(id.Key.Public()) {
				t.Error("identity has another key")
			}
			renewed, err := shared.client.Renew(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := renewed.Leaf().PublicKeyAlgorithm, id.Leaf().PublicKeyAlgorithm; got != want {
				t.Errorf("renewed key is %s, want %s", got, want)
			}
		})
	}
}

func TestShortLeaf(t *testing.T) {
	t.Parallel()
	id, err := shared.client.Enrol(t.Context(), EnrolRequest{Name: "short.internal", Validity: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(id.Leaf().NotAfter); left > 2*time.Second {
		t.Errorf("leaf lives for another %s, want at most 2s", left)
	}
}

func TestClientRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := ClientConfig{URL: shared.ca.URL(), Root: shared.ca.Root(), Provisioner: "stapled", Password: []byte("guess")}
	remote := func(change func(*ClientConfig)) *Client {
		t.Helper()
		cfg := cfg
		change(&cfg)
		c, err := NewRemoteClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake has to fail
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	enrol := func(c *Client, req EnrolRequest) error {
		_, err := c.Enrol(ctx, req)
		return err
	}
	named := EnrolRequest{Name: "a.internal"}
	for _, row := range []struct {
		name string
		err  error
		want Reason
		says string
	}{
		{"wrong password", enrol(remote(func(*ClientConfig) {}), named), WrongPassword, "provisioner"},
		{"no password", enrol(remote(func(c *ClientConfig) { c.Password = nil }), named), Misconfigured, "password"},
		{"unknown provisioner", enrol(remote(func(c *ClientConfig) { c.Provisioner = "nobody" }), named), Misconfigured, "nobody"},
		{"nobody there", enrol(remote(func(c *ClientConfig) { c.URL = "https://127.0.0.1:1" }), named), Unreachable, "is it running"},
		{"not the CA", enrol(remote(func(c *ClientConfig) { c.URL = stranger.URL }), named), Unreachable, "certificate"},
		{"no name", enrol(shared.client, EnrolRequest{}), Misconfigured, "name"},
		{"name that is no host name", enrol(shared.client, EnrolRequest{Name: "x y"}), Misconfigured, "could not name its issuer"},
		{"an IP address only", enrol(shared.client, EnrolRequest{Name: "x", SANs: []string{"192.0.2.1"}}), Misconfigured, "could not name its issuer"},
		{"negative validity", enrol(shared.client, EnrolRequest{Name: "a", Validity: -1}), Misconfigured, "negative"},
		{"validity beyond the CA's limit", enrol(shared.client, EnrolRequest{Name: "a", Validity: 24 * 365 * time.Hour}), Refused, "duration"},
		{"revoke: no serial", shared.client.Revoke(ctx, "", 0, ""), Misconfigured, "serial"},
		{"revoke: a name", shared.client.Revoke(ctx, "orders", 0, ""), Misconfigured, "serial"},
		{"revoke: negative serial", shared.client.Revoke(ctx, "-1", 0, ""), Misconfigured, "serial"},
		{"revoke: reserved reason", shared.client.Revoke(ctx, "1", 7, ""), Misconfigured, "reason"},
		{"revoke: removeFromCRL", shared.client.Revoke(ctx, "1", 8, ""), Misconfigured, "reason"},
		{"revoke: reason out of range", shared.client.Revoke(ctx, "1", 11, ""), Misconfigured, "reason"},
		{"not a CA directory", func() error { _, err := NewClient(t.TempDir()); return err }(), NotACA, "stapled up --dir"},
		{"URL without TLS", func() error { _, err := NewRemoteClient(ClientConfig{URL: "http://ca", Root: cfg.Root}); return err }(), Misconfigured, "https"},
		{"no URL, with a password", func() error {
			_, err := NewRemoteClient(ClientConfig{URL: "https://user:hunter2@ca host", Root: cfg.Root})
			return err
		}(), Misconfigured, "cannot be read"},
		{"URL with a password", func() error {
			_, err := NewRemoteClient(ClientConfig{URL: "http://user:hunter2@ca", Root: cfg.Root})
			return err
		}(), Misconfigured, "user name"},
		{"no root", func() error { _, err := NewRemoteClient(ClientConfig{URL: cfg.URL}); return err }(), Misconfigured, "root"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !errors.Is(row.err, row.want) {
				t.Fatalf("got %v, want %v", row.err, row.want)
			}
			if !strings.Contains(row.err.Error(), row.says) || strings.Contains(row.err.Error(), "\n") || strings.Contains(row.err.Error(), "hunter2") {
				t.Errorf("error is not one line that says %q: %q", row.says, row.err)
			}
		})
	}
}

func TestRenewExpired(t *testing.T) {
	t.Parallel()
	id, err := shared.client.Enrol(t.Context(), EnrolRequest{Name: "old.internal", Validity: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	timer := time.NewTimer(time.Until(id.Leaf().NotAfter) + time.Millisecond)
	defer timer.Stop()
	<-timer.C
	if _, err := shared.client.Renew(t.Context(), id); !errors.Is(err, Refused) || !strings.Contains(err.Error(), "enrol again") {
		t.Errorf("got %v, want %v that says to enrol again", err, Refused)
	}
}

// Whoever reaches the port can send something without end; it is not read.
func TestRequestIsBounded(t *testing.T) {
	t.Parallel()
	const size = 64 * maxRequest
	sent := new(zeros)
	body := io.MultiReader(strings.NewReader(`{"csr":"`), io.LimitReader(sent, size), strings.NewReader(`"}`))
	resp, err := shared.client.http.Post(shared.ca.URL()+"/1.0/sign", "application/json", body)
	if err == nil {
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("status %s", resp.Status)
		}
	}
	// Some is on its way when the CA stops.
	if n := sent.read.Load(); n > 16*maxRequest {
		t.Errorf("the CA took %d bytes of %d", n, size)
	}
}

// zeros counts what is read of it.
type zeros struct{ read atomic.Int64 }

func (z *zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	z.read.Add(int64(len(p)))
	return len(p), nil
}
