// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/stapledjwt/stapled"
)

const (
	// tokenLifetime is how long a one-time token is valid; it is used at once.
	tokenLifetime = 5 * time.Minute
	// maxPages limits the pages of provisioners: a CA with a hundred
	// provisioners has five.
	maxPages = 1000
)

// A Provisioner is one way for callers to enroll with a CA.
type Provisioner struct {
	// Type is the step-ca type, such as JWK, ACME or X5C.
	Type string `json:"type"`
	Name string `json:"name"`
	// EncryptedKey is the private key of a JWK provisioner as a compact JWE. It
	// is empty if the CA does not publish it.
	EncryptedKey string `json:"encryptedKey"`
	// Options and Claims are what the provisioner changes of the CA's defaults.
	Options ProvisionerOptions `json:"options"`
	Claims  ProvisionerClaims  `json:"claims"`
}

// ProvisionerOptions holds options of a provisioner, as ca.json has them.
type ProvisionerOptions struct {
	X509 struct {
		// Template is the template of its certificates: JSON with the actions of
		// text/template, or base64 of it. TemplateFile is a file with one on the CA's
		// machine; it counts only without Template. If both are empty, the provisioner
		// uses step-ca's own template.
		Template     string `json:"template"`
		TemplateFile string `json:"templateFile"`
	} `json:"x509"`
}

// ProvisionerClaims holds claims of a provisioner, as ca.json has them. Nil means
// the default of the CA, which a caller of its API does not see.
type ProvisionerClaims struct {
	// DisableRenewal keeps certificates from renewing themselves; step-ca's own
	// default is false.
	DisableRenewal *bool `json:"disableRenewal"`
	// AllowRenewalAfterExpiry lets them do so after their end; step-ca's own default
	// is false.
	AllowRenewalAfterExpiry *bool `json:"allowRenewalAfterExpiry"`
}

// Provisioners lists the provisioners of the CA.
func (c *Client) Provisioners(ctx context.Context) ([]Provisioner, error) {
	var all []Provisioner
	cursor := ""
	for range maxPages {
		var page struct {
			Provisioners []Provisioner `json:"provisioners"`
			NextCursor   string        `json:"nextCursor"`
		}
		path := "/provisioners"
		if cursor != "" {
			path += "?cursor=" + url.QueryEscape(cursor)
		}
		if err := c.get(ctx, path, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Provisioners...)
		if cursor = page.NextCursor; cursor == "" {
			return all, nil
		}
	}
	return nil, stapled.Errorf(stapled.Refused, "CA at %s has more than %d pages of provisioners", c.base, maxPages)
}

// token makes a one-time token of the provisioner, for one endpoint of step-ca
// and one subject.
func (c *Client) token(ctx context.Context, path, subject string, sans []string) (string, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	audience := c.base.JoinPath(path)
	var signer jose.Signer
	var err error
	if c.cfg.X5C != nil {
		audience.Fragment = "x5c/" + c.cfg.Provisioner // how step-ca finds such a provisioner
		signer, err = c.x5cSigner()
	} else {
		signer, err = c.provisionerSigner(ctx)
	}
	if err != nil {
		return "", err
	}
	now := time.Now()
	sum := sha256.Sum256(c.cfg.Root.Raw)
	claims := struct {
		jwt.Claims
		SANs []string `json:"sans,omitempty"`
		SHA  string   `json:"sha"`
	}{
		Claims: jwt.Claims{
			ID: rand.Text(), Issuer: c.cfg.Provisioner, Subject: subject,
			Audience: jwt.Audience{audience.String()},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now),
			Expiry: jwt.NewNumericDate(now.Add(tokenLifetime)),
		},
		SANs: sans, SHA: hex.EncodeToString(sum[:]),
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", stapled.Errorf(stapled.Failed, "sign the provisioner token: %w", err)
	}
	return token, nil
}

// provisionerSigner fetches the encrypted key from the CA, as the step command
// does, and decrypts it (RFC 7518 §4.8).
func (c *Client) provisionerSigner(ctx context.Context) (jose.Signer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signer != nil {
		return c.signer, nil
	}
	name := c.cfg.Provisioner
	switch {
	case name == "":
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the client has no provisioner name, which enrolling and revoking need")
	case len(c.cfg.Password) == 0:
		return nil, stapled.Errorf(stapled.ConfigInvalid, "%s is missing, which enrolling and revoking need: restore it, or give that of the provisioner", c.cfg.PasswordSource)
	}
	encrypted, err := c.encryptedKey(ctx)
	if err != nil {
		return nil, err
	}
	jwe, err := jose.ParseEncrypted(encrypted,
		[]jose.KeyAlgorithm{jose.PBES2_HS256_A128KW, jose.PBES2_HS384_A192KW, jose.PBES2_HS512_A256KW},
		[]jose.ContentEncryption{jose.A128GCM, jose.A192GCM, jose.A256GCM})
	if err != nil {
		return nil, stapled.Errorf(stapled.Refused, "the key of provisioner %q is unreadable: %w", name, err)
	}
	plain, err := jwe.Decrypt(c.cfg.Password)
	if err != nil {
		return nil, stapled.Errorf(stapled.WrongPassword, "%s does not open the key of provisioner %q: give the one that it was created with", c.cfg.PasswordSource, name)
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(plain, &key); err != nil {
		return nil, stapled.Errorf(stapled.Refused, "the key of provisioner %q is unreadable: %w", name, err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, stapled.Errorf(stapled.Refused, "the key of provisioner %q cannot sign: %w", name, err)
	}
	c.signer = signer
	return signer, nil
}

func (c *Client) encryptedKey(ctx context.Context) (string, error) {
	all, err := c.Provisioners(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range all {
		if p.Type == "JWK" && p.Name == c.cfg.Provisioner && p.EncryptedKey != "" {
			return p.EncryptedKey, nil
		}
	}
	return "", stapled.Errorf(stapled.ConfigInvalid, "CA at %s has no JWK provisioner %q", c.base, c.cfg.Provisioner)
}
