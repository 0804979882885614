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

// maxResponders is the maximum number of responders to ask about a certificate.
// Each gets a share of the available time.
const maxResponders = 4

// responders returns the URLs to ask about a certificate, in order.
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
		err = syntax.Err // the full error would repeat the URL, which may contain a password
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

// knowledge is what a fetcher has learned about responders. Its zero value is
// empty. It only shortens the way to an answer.
type knowledge struct {
	mu sync.Mutex
	// worked orders responders: the one that answered last has the largest
	// number.
	worked map[string]uint64
	last   uint64
	// sha1 holds the responders that know only SHA-1 CertIDs.
	sha1 map[string]bool
}

// sort puts the responders that answered first, the most recent in front. The
// others keep their order.
func (k *knowledge) sort(list []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(k.worked[b], k.worked[a]) })
}

// answered records that a responder gave a usable answer, and for which CertID
// hash.
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

// hashes returns the two hashes for a CertID in the order to try them.
func (k *knowledge) hashes(responder string) (first, second crypto.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sha1[responder] {
		return crypto.SHA1, crypto.SHA256
	}
	return crypto.SHA256, crypto.SHA1
}
