// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Member is a member of a JSON object. Its value is encoded as encoding/json
// does; a [json.RawMessage] is used unchanged.
type Member struct {
	Name  string
	Value any
}

// Members is a JSON object in which order matters and names may repeat.
type Members []Member

// Set replaces the value of the member with this name, or appends it.
func (m *Members) Set(name string, value any) {
	for i := range *m {
		if (*m)[i].Name == name {
			(*m)[i].Value = value
			return
		}
	}
	m.Add(name, value)
}

// Add appends a member, even if the name already exists.
func (m *Members) Add(name string, value any) { *m = append(*m, Member{name, value}) }

// Drop removes every member with this name.
func (m *Members) Drop(name string) {
	var kept Members
	for _, member := range *m {
		if member.Name != name {
			kept = append(kept, member)
		}
	}
	*m = kept
}

// Get returns the value of the first member with this name, or nil.
func (m Members) Get(name string) any {
	for _, member := range m {
		if member.Name == name {
			return member.Value
		}
	}
	return nil
}

// Bytes returns the object without white space, its members in order.
func (m Members) Bytes() []byte {
	parts := make([]string, len(m))
	for i, member := range m {
		parts[i] = encode(member.Name) + ":" + encode(member.Value)
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

// encode does not escape the characters that encoding/json escapes for HTML,
// and keeps invalid UTF-8 in a json.RawMessage.
func encode(value any) string {
	if raw, ok := value.(json.RawMessage); ok {
		return string(raw)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Token is a JWS before signing.
type Token struct {
	Header Members
	Claims Members
	// RawHeader and RawPayload, if not nil, replace Header and Claims.
	RawHeader, RawPayload []byte
	// Key signs by Alg, whatever the header says: a crypto.Signer, or []byte for
	// HS256. The Alg "none" does not use it.
	Key any
	Alg string
}

// NewToken returns a valid token of a leaf: alg, typ, kid, x5c and ocsp; iss,
// aud, iat, nbf, exp and jti. The staples are for the certificates of its
// chain, in order. The audience is "orders".
func NewToken(leaf *Party, staples ...[]byte) *Token {
	alg := JWSAlgorithm(leaf.Key)
	x5c := []string{}
	for _, c := range leaf.Chain() {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(c.Raw))
	}
	ocsp := []string{}
	for _, der := range staples {
		ocsp = append(ocsp, base64.StdEncoding.EncodeToString(der))
	}
	id := sha256.Sum256(leaf.Cert.Raw)
	issuer := ""
	switch {
	case len(leaf.Cert.URIs) > 0:
		issuer = leaf.Cert.URIs[0].String()
	case len(leaf.Cert.DNSNames) > 0:
		issuer = "https://" + leaf.Cert.DNSNames[0]
	}
	return &Token{
		Header: Members{
			{"alg", alg}, {"typ", "stapled+jwt"},
			{"kid", base64.RawURLEncoding.EncodeToString(id[:])},
			{"x5c", x5c}, {"ocsp", ocsp},
		},
		Claims: Members{
			{"iss", issuer}, {"aud", "orders"},
			{"iat", Now.Unix()}, {"nbf", Now.Unix()}, {"exp", Now.Add(5 * time.Minute).Unix()},
			{"jti", "c3RhcGxlZC10ZXN0LWp0aQ"},
		},
		Key: leaf.Key,
		Alg: alg,
	}
}

// Token returns the token of [NewToken] with one good staple, edited and
// signed.
func (p *Party) Token(edits ...func(*Token)) string {
	t := NewToken(p, p.Staple())
	for _, edit := range edits {
		edit(t)
	}
	return t.Compact()
}

// Compact signs the token and returns its compact serialization (RFC 7515
// §7.1).
func (t *Token) Compact() string {
	header, payload := t.RawHeader, t.RawPayload
	if header == nil {
		header = t.Header.Bytes()
	}
	if payload == nil {
		payload = t.Claims.Bytes()
	}
	input := segment(header) + "." + segment(payload)
	return input + "." + segment(SignJWS(t.Key, t.Alg, []byte(input)))
}

func segment(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// JWSAlgorithm returns the algorithm with which a key signs tokens.
func JWSAlgorithm(key crypto.Signer) string {
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		switch key.Curve.Params().BitSize {
		case 384:
			return "ES384"
		case 521:
			return "ES512"
		}
		return "ES256"
	case *rsa.PrivateKey:
		return "RS256"
	}
	return "EdDSA"
}

// SignJWS signs a JWS signing input (RFC 7518 §3, RFC 8037 §3.1) with any key
// that can, even on a curve that does not belong to the algorithm.
func SignJWS(key any, alg string, input []byte) []byte {
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[max(0, len(alg)-3):]]
	var opts crypto.SignerOpts = hash
	switch {
	case alg == "none":
		return nil
	case alg == "HS256":
		mac := hmac.New(sha256.New, key.([]byte))
		mac.Write(input)
		return mac.Sum(nil)
	case strings.HasPrefix(alg, "PS"):
		opts = &rsa.PSSOptions{Hash: hash, SaltLength: rsa.PSSSaltLengthEqualsHash}
	}
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, key, sum(hash, input))
		if err != nil {
			panic(fmt.Errorf("testca: %w", err))
		}
		size := (key.Curve.Params().BitSize + 7) / 8
		signature := make([]byte, 2*size)
		r.FillBytes(signature[:size])
		s.FillBytes(signature[size:])
		return signature
	}
	signature, err := key.(crypto.Signer).Sign(rand.Reader, sum(hash, input), opts)
	if err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	return signature
}
