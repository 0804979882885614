// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// origin is where lists come from.
type origin interface {
	// fetch returns what is there now, or nil if it is still what taken was last
	// called with. It may return nil only if confirm is set.
	fetch(ctx context.Context, confirm bool) (*body, error)
	// taken remembers that a body was used.
	taken(*body)
	// String names the origin for messages, without a password.
	String() string
}

// body is what an origin has.
type body struct {
	data   []byte
	size   int64
	digest [sha256.Size]byte // of data
	// etag and lastModified identify it for its server; empty if they do not.
	etag, lastModified string
}

func newBody(data []byte) *body {
	return &body{data: data, size: int64(len(data)), digest: sha256.Sum256(data)}
}

// file is a list in a file.
type file struct {
	name    string
	maxSize int64
	last    *[sha256.Size]byte // digest of what was last taken; nil for none
}

func (f *file) String() string { return f.name }

func (f *file) taken(b *body) {
	digest := b.digest // a pointer into the body would keep the whole list in memory
	f.last = &digest
}

// fetch reads the file. It compares contents: not every file system tells times
// finely enough, and some copies preserve them.
func (f *file) fetch(_ context.Context, confirm bool) (*body, error) {
	info, err := os.Stat(f.name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &refusal{fmt.Errorf("%s is not a regular file", f.name)}
	}
	if info.Size() > f.maxSize {
		return nil, tooLarge(f, f.maxSize)
	}
	in, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if confirm && f.last != nil {
		// Most looks find nothing new: do not take memory for them.
		sum := sha256.New()
		if _, err := io.Copy(sum, io.LimitReader(in, f.maxSize+1)); err != nil {
			return nil, err
		}
		if bytes.Equal(sum.Sum(nil), f.last[:]) {
			return nil, nil
		}
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	data, err := readAll(in, info.Size(), f.maxSize)
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, tooLarge(f, f.maxSize)
	}
	return newBody(data), nil
}

func tooLarge(from fmt.Stringer, most int64) error {
	return &refusal{fmt.Errorf("the list from %s has more than %d bytes: raise the limit if the CA has revoked that much", from, most)}
}

// readAll reads to the end, with one allocation if the expected size is right.
// It returns nil if there are more than most bytes.
func readAll(in io.Reader, expected, most int64) ([]byte, error) {
	var data bytes.Buffer
	if expected = min(expected, most); expected > 0 {
		data.Grow(int(expected) + bytes.MinRead)
	}
	n, err := data.ReadFrom(io.LimitReader(in, most+1))
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, nil
	}
	return data.Bytes(), nil
}

const pemType = "X509 CRL"

// decode returns the DER of a list that is DER or PEM.
func decode(data []byte) ([]byte, error) {
	text := bytes.TrimSpace(data)
	switch {
	case len(text) == 0:
		return nil, errors.New("is empty")
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		block, rest := pem.Decode(text)
		switch {
		case block == nil:
			return nil, errors.New("is malformed or truncated PEM")
		case block.Type != pemType:
			return nil, fmt.Errorf("is a PEM file with %.40q, not %q", block.Type, pemType)
		case len(bytes.TrimSpace(rest)) > 0:
			return nil, fmt.Errorf("is followed by %d more bytes after the first PEM block", len(rest))
		}
		return block.Bytes, nil
	case text[0] == '<':
		return nil, errors.New("is a page of HTML or XML: is this where the CA publishes its CRL?")
	}
	return data, nil
}
