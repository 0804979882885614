// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LoadIdentity reads a certificate chain, leaf first, and the private key of
// its leaf (PKCS #8, SEC 1 or PKCS #1) from PEM files. One file may hold both:
// then keyFile is the same as certFile, or empty. The error is ErrEncrypted for
// a key that needs a password, and KeyMismatch for the key of another
// certificate.
//
// [Identity.Save] replaces two files, one after the other. If only one has been
// replaced, because of a crash or because Save is still running, LoadIdentity
// reads that one and the file that was about to replace the other.
func LoadIdentity(certFile, keyFile string) (*Identity, error) {
	return LoadEncryptedIdentity(certFile, keyFile, nil)
}

// LoadEncryptedIdentity is [LoadIdentity] for a password-protected private key:
// PKCS #8 with PBES2 (RFC 8018 §6.2), or the older PEM encryption (RFC 1421
// §4.6.1.1). The error is ErrPassword for a wrong password. It also loads a key
// that is not encrypted.
func LoadEncryptedIdentity(certFile, keyFile string, password []byte) (*Identity, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	// Another process may finish a save and start the next one between two
	// looks.
	const looks = 5
	for look := 1; ; look++ {
		identity, err := loadIdentity(certFile, keyFile, password)
		if err == nil || isTransient(err) || look == looks {
			return identity, err
		}
		recovered, _, transient := halfSaved(certFile, keyFile, password)
		if transient != nil {
			return nil, transient
		}
		if recovered != nil {
			return recovered, nil
		}
	}
}

// Save writes the chain to certFile and the key, as PKCS #8, to keyFile, both
// readable only by their owner. If the names are the same, it writes one file.
//
// After a crash at any point, [LoadIdentity] finds either the old identity or
// the new one, always complete. Once Save has returned nil it finds the new
// one, even after a power cut. Programs that read the files directly may find
// only one of them replaced; the next Save fixes that, too.
func (id *Identity) Save(certFile, keyFile string) error {
	// 1. Encode the contents of the files.
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		return fmt.Errorf("encoding the private key: %w", err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	var chain []byte
	for _, c := range id.Chain {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	if sameFile(certFile, keyFile) {
		return WriteFile(certFile, bytes.Join([][]byte{chain, key}, nil))
	}
	// 2. One save at a time: two could each be the last to replace one file.
	unlock, err := lockDir(filepath.Dir(certFile))
	if err != nil {
		return err
	}
	defer unlock()
	// 3. Complete what an earlier Save left behind: step 5 must not mix the
	// halves of two pairs.
	if err := settle(certFile, keyFile); err != nil {
		return err
	}
	// 4. Write both to disk under temporary names, and 5. replace the old
	// files.
	if err := replacePair(certFile, chain, keyFile, key); err != nil {
		return errors.Join(err, settle(certFile, keyFile))
	}
	return nil
}

func sameFile(a, b string) bool {
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

func replacePair(certFile string, chain []byte, keyFile string, key []byte) error {
	newKey, err := writeBeside(keyFile, key)
	if err != nil {
		return err
	}
	newCert, err := writeBeside(certFile, chain)
	if err != nil {
		return err
	}
	// Both names must survive a power cut that preserves only one of the
	// renames.
	if err := errors.Join(syncDir(filepath.Dir(keyFile)), syncDir(filepath.Dir(certFile))); err != nil {
		return err
	}
	if err := os.Rename(newKey, keyFile); err != nil {
		return err
	}
	if err := os.Rename(newCert, certFile); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(keyFile)), syncDir(filepath.Dir(certFile)))
}

// settle leaves no file waiting to replace another. It moves a waiting file
// into place if the other file of the pair has been replaced, and otherwise
// removes it. If a file cannot be read, settle changes nothing.
func settle(certFile, keyFile string) error {
	_, err := loadIdentity(certFile, keyFile, nil)
	if isTransient(err) {
		return err
	}
	if err != nil {
		recovered, move, transient := halfSaved(certFile, keyFile, nil)
		if transient != nil {
			return transient
		}
		if recovered != nil {
			if err := os.Rename(move.from, move.to); err != nil {
				return err
			}
			if err := syncDir(filepath.Dir(move.to)); err != nil {
				return err
			}
		}
	}
	return errors.Join(removeWaiting(certFile), removeWaiting(keyFile))
}

// rename is a rename that a crash prevented.
type rename struct{ from, to string }

// halfSaved returns an identity with only one file replaced and the missing
// rename, or nothing if there is none.
func halfSaved(certFile, keyFile string, password []byte) (*Identity, rename, error) {
	certs, err := waiting(certFile)
	if err != nil {
		return nil, rename{}, err
	}
	keys, err := waiting(keyFile)
	if err != nil {
		return nil, rename{}, err
	}
	for _, from := range certs {
		identity, err := loadIdentity(from, keyFile, password)
		if isTransient(err) {
			return nil, rename{}, err
		}
		if err == nil {
			return identity, rename{from, certFile}, nil
		}
	}
	for _, from := range keys {
		identity, err := loadIdentity(certFile, from, password)
		if isTransient(err) {
			return nil, rename{}, err
		}
		if err == nil {
			return identity, rename{from, keyFile}, nil
		}
	}
	return nil, rename{}, nil
}

// isTransient reports whether an error comes from reading a file, rather than
// from its content or its absence.
func isTransient(err error) bool {
	var reading *fs.PathError
	return errors.As(err, &reading) && !errors.Is(err, fs.ErrNotExist)
}

// WriteFile replaces a file atomically: readers see either the old content or
// the new, even after a crash. Once it has returned nil, the new content is on
// disk. The mode is 0600.
func WriteFile(name string, data []byte) error {
	unlock, err := lockDir(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer unlock()
	if err := removeWaiting(name); err != nil {
		return err
	}
	tmp, err := writeBeside(name, data)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return syncDir(filepath.Dir(name))
}

// writeBeside writes a file that will replace another. Its content is on disk,
// but its name may not be.
func writeBeside(name string, data []byte) (_ string, err error) {
	prefix, suffix := waitingName(name)
	f, err := os.CreateTemp(filepath.Dir(name), prefix+"*"+suffix)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return f.Name(), errors.Join(err, f.Close())
}

// waitingName returns the prefix and suffix of the files that will replace this
// one.
func waitingName(name string) (prefix, suffix string) {
	return "." + filepath.Base(name) + ".", ".new"
}

// waiting returns the files that will replace this one.
func waiting(name string) ([]string, error) {
	dir := filepath.Dir(name)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	prefix, suffix := waitingName(name)
	var found []string
	for _, entry := range entries {
		middle, ok := strings.CutPrefix(entry.Name(), prefix)
		if ok && len(middle) > len(suffix) && strings.HasSuffix(middle, suffix) && entry.Type().IsRegular() {
			found = append(found, filepath.Join(dir, entry.Name()))
		}
	}
	return found, nil
}

// removeWaiting removes what a crash left behind. Only the holder of the lock
// may call it.
func removeWaiting(name string) error {
	found, err := waiting(name)
	for _, name := range found {
		if removeErr := os.Remove(name); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}
