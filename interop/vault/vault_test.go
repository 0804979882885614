// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package vault runs stapled against the PKI engine of HashiCorp Vault, as a
// library, behind the two OCSP paths of its HTTP API.
package vault

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/builtin/logical/pki"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/stapledjwt/stapled/interop"
)

// engine is a mounted PKI engine.
type engine struct {
	backend logical.Backend
	storage logical.Storage
}

func TestVault(t *testing.T) {
	e := newEngine(t)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	root := e.write(t, "root/generate/internal", map[string]any{
		"common_name": "Interop root", "key_type": "ec", "key_bits": 256, "ttl": "24h",
	})
	e.write(t, "config/urls", map[string]any{"ocsp_servers": server.URL + "/v1/pki/ocsp"})
	e.write(t, "config/crl", map[string]any{"ocsp_expiry": "1m"})
	e.write(t, "roles/service", map[string]any{
		"allow_any_name": true, "key_type": "ec", "key_bits": 256, "ttl": "1h",
		"key_usage": "DigitalSignature", "server_flag": false, "client_flag": true,
	})

	interop.Test(t, interop.CA{
		Anchor: certificate(t, root, "certificate"),
		Issue: func(tb testing.TB, key crypto.Signer) []*x509.Certificate {
			request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: interop.NewRequest(tb, key)})
			signed := e.write(tb, "sign/service", map[string]any{"csr": string(request), "common_name": interop.Name})
			return []*x509.Certificate{certificate(tb, signed, "certificate")}
		},
		// Vault knows no reasons: its answers have none.
		Revoke: func(tb testing.TB, leaf *x509.Certificate) {
			encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})
			e.write(tb, "revoke", map[string]any{"certificate": string(encoded)})
		},
	})
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	storage := &logical.InmemStorage{}
	config := &logical.BackendConfig{
		StorageView: storage,
		System:      &logical.StaticSystemView{DefaultLeaseTTLVal: 24 * time.Hour, MaxLeaseTTLVal: 48 * time.Hour},
		BackendUUID: "interop",
	}
	backend, err := pki.Factory(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := backend.Initialize(t.Context(), &logical.InitializationRequest{Storage: storage}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { backend.Cleanup(context.Background()) })
	return &engine{backend: backend, storage: storage}
}

// write writes to a path of the engine and returns what it answers.
func (e *engine) write(tb testing.TB, path string, data map[string]any) map[string]any {
	tb.Helper()
	resp, err := e.backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.UpdateOperation, Path: path, MountPoint: "pki/", Storage: e.storage, Data: data,
	})
	if err == nil && resp != nil {
		err = resp.Error()
	}
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	if resp == nil {
		return nil
	}
	return resp.Data
}

// ServeHTTP is what Vault's HTTP layer does for /v1/pki/ocsp.
func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := &logical.Request{
		Operation: logical.UpdateOperation, Path: strings.TrimPrefix(r.URL.Path, "/v1/pki/"), MountPoint: "pki/",
		Storage: e.storage, HTTPRequest: r,
	}
	if r.Method == http.MethodGet {
		request.Operation = logical.ReadOperation
	}
	resp, err := e.backend.HandleRequest(r.Context(), request)
	if err != nil || resp == nil || resp.IsError() {
		http.Error(w, "no such path", http.StatusNotFound)
		return
	}
	body, _ := resp.Data[logical.HTTPRawBody].([]byte)
	kind, _ := resp.Data[logical.HTTPContentType].(string)
	status, _ := resp.Data[logical.HTTPStatusCode].(int)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	w.Write(body)
}

// certificate reads a member of an answer.
func certificate(tb testing.TB, data map[string]any, member string) *x509.Certificate {
	tb.Helper()
	text, _ := data[member].(string)
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		tb.Fatalf("the answer has no PEM in %s", member)
	}
	return interop.Parse(tb, block.Bytes)
}
