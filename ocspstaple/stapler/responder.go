// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
)

// maxResponders is how many responders of a certificate are asked. Each gets a
// share of the time that there is.
const maxResponders = 4

// responders are the URLs to ask about a certificate, in this order.
func (f *HTTPFetcher) responders(cert *x509.Certificate) ([]string, error) {
	if f.cfg.URL != "" {
		return []string{f.cfg.URL}, nil
	}
	if len(cert.OCSPServer) == 0 {
		return nil, fmt.Errorf("the certificate for %q names no OCSP responder (authority information access): "+
			"configure its URL, or have the CA put it into the certificates", cert.Subject)
	}
	var list []string
	var last error
	for _, candidate := range cert.OCSPServer {
		if err := checkURL(candidate); err != nil {
			last = err
		} else if !slices.Contains(list, candidate) {
			list = append(list, candidate)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the certificate for %q names no OCSP responder that can be asked: %w", cert.Subject, last)
	}
	f.known.sort(list)
	return list[:min(len(list), maxResponders)], nil
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	var syntax *url.Error
	if errors.As(err, &syntax) {
		err = syntax.Err // it would repeat the URL, which may hold a password
	}
	if err != nil {
		return fmt.Errorf("the URL of the responder: %w", err)
	}
	if u.User != nil {
		return errors.New("the URL of the responder holds a user name, and OCSP has no use for one")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the URL of the responder is %q: configure one of the form http://host[:port][/path]", raw)
	}
	return nil
}

// knowledge is what a fetcher has learned about responders. Its zero value
// knows nothing. It shortens the way to an answer and decides nothing else.
type knowledge struct {
	mu sync.Mutex
	// worked counts up: the responder that answered last has the largest number.
	worked map[string]uint64
	last   uint64
	// sha1 has the responders that know SHA-1 CertIDs only.
	sha1 map[string]bool
}

// sort puts the responder that answered last in front of those that answered
// before, and these in front of the others, which keep their order.
func (k *knowledge) sort(list []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(k.worked[b], k.worked[a]) })
}

// answered notes that a responder has given a usable answer, and to which
// CertID.
func (k *knowledge) answered(responder string, hash crypto.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.worked == nil {
		k.worked, k.sha1 = make(map[string]uint64), make(map[string]bool)
	}
	k.last++
	k.worked[responder] = k.last
	k.sha1[responder] = hash == crypto.SHA1
}

// hashes are the two ways to name a certificate, the one to begin with first.
func (k *knowledge) hashes(responder string) (first, second crypto.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sha1[responder] {
		return crypto.SHA1, crypto.SHA256
	}
	return crypto.SHA256, crypto.SHA1
}
