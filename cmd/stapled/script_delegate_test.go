// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// delegatesCommand adds to config/ca.json the provisioners ocsp (JWK) and
// ocsp-x5c (X5C), both with templates/ocsp-delegate.tpl.
func delegatesCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1)
	name := filepath.Join(args[0], "config", "ca.json")
	var file map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &file))
	authority := file["authority"].(map[string]any)
	list := authority["provisioners"].([]any)
	options := map[string]any{"x509": map[string]any{"templateFile": "templates/ocsp-delegate.tpl"}}
	jwk := maps.Clone(list[0].(map[string]any))
	jwk["name"], jwk["options"] = "ocsp", options
	roots := base64.StdEncoding.EncodeToString([]byte(ts.ReadFile(filepath.Join(args[0], "certs", "root_ca.crt"))))
	authority["provisioners"] = append(list, jwk, map[string]any{"type": "X5C", "name": "ocsp-x5c", "roots": roots, "options": options})
	raw, err := json.Marshal(file)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name), raw, 0o600))
}
