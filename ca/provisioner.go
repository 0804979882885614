// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/smallstep/certificates/api"
)

// tokenLifetime is how long a provisioner token is valid; it is used at once.
const tokenLifetime = 5 * time.Minute

// provisionerKey is the decrypted key of a JWK provisioner.
type provisionerKey struct {
	signer jose.Signer
}

// token makes a one-time token of the provisioner, which step-ca accepts at
// one of its endpoints for one subject.
func (c *Client) token(ctx context.Context, path, subject string, sans []string) (string, error) {
	key, err := c.provisionerKey(ctx)
	if err != nil {
		return "", err
	}
	now := time.Now()
	sum := sha256.Sum256(c.root.Raw)
	claims := struct {
		jwt.Claims
		SANs []string `json:"sans,omitempty"`
		SHA  string   `json:"sha"`
	}{
		Claims: jwt.Claims{
			ID: rand.Text(), Issuer: c.provisioner, Subject: subject,
			Audience: jwt.Audience{c.base.JoinPath(path).String()},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now),
			Expiry: jwt.NewNumericDate(now.Add(tokenLifetime)),
		},
		SANs: sans, SHA: hex.EncodeToString(sum[:]),
	}
	token, err := jwt.Signed(key.signer).Claims(claims).Serialize()
	if err != nil {
		return "", fail(Failed, "sign the provisioner token: %w", err)
	}
	return token, nil
}

// provisionerKey fetches the encrypted key from the CA, as the step command
// does, and decrypts it.
func (c *Client) provisionerKey(ctx context.Context) (*provisionerKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key != nil {
		return c.key, nil
	}
	switch {
	case c.provisioner == "":
		return nil, fail(Misconfigured, "the client has no provisioner name, which enrolling and revoking need")
	case len(c.password) == 0:
		return nil, fail(Misconfigured, "%s is missing, which enrolling and revoking need: restore it, or give a file that has it with --password-file", c.passwordFrom)
	}
	encrypted, err := c.encryptedKey(ctx)
	if err != nil {
		return nil, err
	}
	jwe, err := jose.ParseEncrypted(encrypted,
		[]jose.KeyAlgorithm{jose.PBES2_HS256_A128KW, jose.PBES2_HS384_A192KW, jose.PBES2_HS512_A256KW},
		[]jose.ContentEncryption{jose.A128GCM, jose.A192GCM, jose.A256GCM})
	if err != nil {
		return nil, fail(Refused, "the key of provisioner %q is unreadable: %w", c.provisioner, err)
	}
	plain, err := jwe.Decrypt(c.password)
	if err != nil {
		return nil, fail(WrongPassword, "%s does not open the key of provisioner %q: give the one that it was created with", c.passwordFrom, c.provisioner)
	}
	var jwk jose.JSONWebKey
	if err := json.Unmarshal(plain, &jwk); err != nil {
		return nil, fail(Refused, "the key of provisioner %q is unreadable: %w", c.provisioner, err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(jwk.Algorithm), Key: jwk},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fail(Refused, "the key of provisioner %q cannot sign: %w", c.provisioner, err)
	}
	c.key = &provisionerKey{signer: signer}
	return c.key, nil
}

// encryptedKey goes through the CA's pages of provisioners.
func (c *Client) encryptedKey(ctx context.Context) (string, error) {
	for cursor := ""; ; {
		var page api.ProvisionersResponse
		path := "/provisioners"
		if cursor != "" {
			path += "?cursor=" + url.QueryEscape(cursor)
		}
		if err := c.call(ctx, c.http, http.MethodGet, path, nil, &page); err != nil {
			return "", err
		}
		for _, p := range page.Provisioners {
			if p.GetName() != c.provisioner {
				continue
			}
			if _, key, ok := p.GetEncryptedKey(); ok {
				return key, nil
			}
		}
		if page.NextCursor == "" {
			return "", fail(Misconfigured, "CA at %s has no JWK provisioner %q", c.base, c.provisioner)
		}
		cursor = page.NextCursor
	}
}
