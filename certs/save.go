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
// keyFile is then the same as certFile, or empty. The error is ErrEncrypted for
// a key that needs a password, and KeyMismatch for one of another certificate.
//
// [Identity.Save] replaces two files, one after the other. Where only one of
// them has been replaced, because of a crash or because it is happening just
// now, the identity is read from the file that has, and from what was to
// replace the other.
func LoadIdentity(certFile, keyFile string) (*Identity, error) {
	return LoadEncryptedIdentity(certFile, keyFile, nil)
}

// LoadEncryptedIdentity is [LoadIdentity] for a private key that a password
// decrypts: PKCS #8 with PBES2 (RFC 8018 §6.2), or the older encryption of PEM
// (RFC 1421 §4.6.1.1). The error is ErrPassword for a wrong one. It also loads a
// key that is not encrypted.
func LoadEncryptedIdentity(certFile, keyFile string, password []byte) (*Identity, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	// Another process may finish saving, and begin again, between two looks.
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
// readable by their owner only; to one file, if they are the same.
//
// After a crash at any point, [LoadIdentity] finds the identity that was there
// before or the new one, and whole. Once Save has returned nil it is the new
// one, also after a power cut. Programs that read the files themselves may find
// them replaced by half; the next Save puts that right, too.
func (id *Identity) Save(certFile, keyFile string) error {
	// 1. What is to be in the files.
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
	// 2. One at a time: of two, each could replace one file last.
	unlock, err := lockDir(filepath.Dir(certFile))
	if err != nil {
		return err
	}
	defer unlock()
	// 3. What an earlier Save has left is completed: step 5 may not be the second
	// half of two different pairs.
	if err := settle(certFile, keyFile); err != nil {
		return err
	}
	// 4. Both are on disk under names of their own, and 5. replace the old ones.
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
	// Each name has to outlast a power cut that only one of the renames survives.
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

// settle leaves no file that waits to replace another: it takes the place if
// its partner has done so, and is removed otherwise. Where a file cannot be
// read, nobody knows, and all stays as it is.
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

// rename is one that has been lost.
type rename struct{ from, to string }

// halfSaved finds the identity of which only one file has been replaced, and the
// rename that it lacks; nothing, if there is none.
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

// isTransient reports whether an error is about reading and not about what has
// been read, or is missing.
func isTransient(err error) bool {
	var reading *fs.PathError
	return errors.As(err, &reading) && !errors.Is(err, fs.ErrNotExist)
}

// WriteFile replaces a file atomically: readers see the old content or the
// new, also after a crash. Once it has returned nil the new content is on disk.
// The mode is 0600.
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

// writeBeside writes a file that is to replace another. It is on disk, and its
// name may not be.
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

// waitingName is how the names of files begin and end that are to replace this one.
func waitingName(name string) (prefix, suffix string) {
	return "." + filepath.Base(name) + ".", ".new"
}

// waiting are the files that are to replace this one.
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

// removeWaiting removes what a crash has left. Only who has the lock may do so.
func removeWaiting(name string) error {
	found, err := waiting(name)
	for _, name := range found {
		if removeErr := os.Remove(name); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}
