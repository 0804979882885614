// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import "fmt"

// Registered are the names that have a meaning at the top of a text, by their
// folded form. No other name may fold to one of them: encoding/json reads
// {"SUB":"admin"} into a field for sub.
type Registered map[string]string

// The registered names of the two texts of a token.
var (
	Header = register("alg", "typ", "kid", "x5t#S256", "x5c", "ocsp", "crit", "jku", "jwk", "x5u", "b64")
	// Claims includes the names by which a token is bound to a request or a
	// connection.
	Claims = register("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "htm", "htu", "htq", "htd", "cnf")
)

// MaxAudiences is how many strings aud may hold.
const MaxAudiences = 64

func register(names ...string) Registered {
	r := make(Registered, len(names))
	for _, name := range names {
		r[Fold(name)] = name
	}
	return r
}

// maxRegistered is the length of the longest name that can fold to a registered
// one: 8 letters, each of at most 3 bytes.
const maxRegistered = 3 * len("x5t#S256")

// check refuses a name that only folds to a registered one.
func (r Registered) check(name string) error {
	if len(name) > maxRegistered {
		return nil
	}
	var room [maxRegistered]byte
	if registered, ok := r[string(appendFold(room[:0], name))]; ok && registered != name {
		return fmt.Errorf("the member %q would be read as %s by some", name, registered)
	}
	return nil
}
