// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"fmt"
	"slices"
)

// Registered are the names that have a meaning at the top of a text. No other
// name may fold to one of them: encoding/json reads {"SUB":"admin"} into a field
// for sub.
type Registered struct {
	byFolded map[string]string
	// otherwise are the folded forms that are not registered names themselves.
	otherwise []string
}

// The registered names of the two texts of a token.
var (
	Header = register("alg", "typ", "kid", "x5t#S256", "x5c", "ocsp", "crit", "jku", "jwk", "x5u", "b64")
	// Claims includes the names by which a token is bound to a request or a
	// connection.
	Claims = register("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "htm", "htu", "htq", "htd", "cnf")
)

// MaxAudiences is how many strings aud may hold.
const MaxAudiences = 64

func register(names ...string) *Registered {
	r := &Registered{byFolded: make(map[string]string, len(names))}
	for _, name := range names {
		folded := Fold(name)
		r.byFolded[folded] = name
		if folded != name {
			r.otherwise = append(r.otherwise, folded)
		}
	}
	return r
}

// maxRegistered is the length of the longest name that can fold to a registered
// one: 8 letters, each of at most 3 bytes.
const maxRegistered = 3 * len("x5t#S256")

// check refuses a name that only folds to a registered one.
func (r *Registered) check(name string) error {
	if isFolded(name) && !slices.Contains(r.otherwise, name) || len(name) > maxRegistered {
		return nil
	}
	var room [maxRegistered]byte
	if registered, ok := r.byFolded[string(appendFold(room[:0], name))]; ok && registered != name {
		return fmt.Errorf("the member %q could be read as %s", name, registered)
	}
	return nil
}
