// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
)

// keysOf collects the keys that encoding/json reads into a type, and one type of
// value for each.
func keysOf(t *testing.T, typ reflect.Type, prefix string, into map[string]reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ == reflect.TypeFor[provisioner.List]() {
		for kind := provisioner.TypeJWK; kind.String() != ""; kind++ {
			var list provisioner.List
			must(t, json.Unmarshal([]byte(`[{"type": "`+kind.String()+`"}]`), &list))
			if len(list) != 1 {
				t.Fatalf("step-ca makes %d provisioners of type %s", len(list), kind)
			}
			keysOf(t, reflect.TypeOf(list[0]), prefix+"[]", into)
		}
		return
	}
	if reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]()) || typ == reflect.TypeFor[texttemplate.Template]() {
		return // reads itself, or is never read
	}
	switch typ.Kind() {
	case reflect.Slice:
		keysOf(t, typ.Elem(), prefix+"[]", into)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous && name == "":
				keysOf(t, f.Type, prefix, into)
				continue
			case !f.IsExported() || name == "-":
				continue
			case name == "":
				name = f.Name
			}
			path := name
			if prefix != "" {
				path = prefix + "." + name
			}
			into[path] = f.Type
			keysOf(t, f.Type, path, into)
		}
	}
}

// TestStepKeys: every key that step-ca reads has its place, and nothing else
// has. It fails with a version of step-ca that knows another key.
func TestStepKeys(t *testing.T) {
	t.Parallel()
	read := make(map[string]reflect.Type)
	keysOf(t, reflect.TypeFor[config.Config](), "", read)
	if len(read) < 200 {
		t.Fatalf("found only %d keys", len(read))
	}
	places := make(map[string]int)
	for _, set := range []map[string]bool{servedKeys, refusedKeys, unreadKeys} {
		for key := range set {
			places[key]++
		}
	}
	for key := range ignoredKeys {
		places[key]++
	}
	for key := range read {
		if places[key] != 1 {
			t.Errorf("key %s has %d places in stepkeys.go", key, places[key])
		}
	}
	for key := range places {
		if read[key] == nil {
			t.Errorf("step-ca does not read the key %s", key)
		}
	}
}

// TestEveryStepKey writes each key of ca.json with a value: it is served without
// a word, or named in the one line that refuses it or warns of it.
func TestEveryStepKey(t *testing.T) {
	t.Parallel()
	read := make(map[string]reflect.Type)
	keysOf(t, reflect.TypeFor[config.Config](), "", read)
	template, err := os.ReadFile(filepath.Join(shared.template, "config", "ca.json"))
	must(t, err)
	l := layout(t.TempDir())
	must(t, os.Mkdir(l.file("config"), 0o700), os.WriteFile(l.file("host.tpl"), []byte("Host *"), 0o600))
	for _, key := range slices.Sorted(maps.Keys(read)) {
		t.Run(key, func(t *testing.T) {
			var file map[string]any
			must(t, json.Unmarshal(template, &file))
			// Elements of these have to be complete.
			if whole, _, found := strings.Cut(key, "[]."); found && whole != "authority.provisioners" && !strings.HasSuffix(whole, ".webhooks") {
				key = whole
			}
			put(file, strings.Split(key, "."), sample(key, read[key]))
			raw, err := json.MarshalIndent(file, "", "\t")
			must(t, err, os.WriteFile(l.config(), raw, 0o600))
			cfg, found, err := l.readStepConfig()
			must(t, err)
			err = l.checkStepConfig(cfg)
			switch {
			case refusedKeys[key] && strings.HasPrefix(key, "kms"):
				if err == nil || !strings.Contains(err.Error(), "key kms ") || strings.Contains(err.Error(), "\n") {
					t.Errorf("refused with %v, want one line that names kms", err)
				}
				return
			case refusedKeys[key]:
				if err == nil || !strings.Contains(err.Error(), "key "+key+" ") || strings.Contains(err.Error(), "\n") {
					t.Errorf("refused with %v, want one line that names the key", err)
				}
				return
			case err != nil:
				t.Errorf("refused: %v", err)
			}
			if _, ignored := ignoredKeys[key]; ignored {
				if len(found) != 1 || !strings.Contains(found[0].text, "key "+key+" ") || found[0].line < 2 {
					t.Errorf("noticed %v, want one line that names the key", found)
				}
			} else if len(found) > 0 {
				t.Errorf("noticed %v, want nothing", found)
			}
		})
	}
}

// put sets a key in a decoded ca.json; in arrays, in the first element.
func put(object map[string]any, path []string, value any) {
	name, inArray := strings.CutSuffix(path[0], "[]")
	if len(path) == 1 {
		object[name] = value
		return
	}
	below, _ := object[name].(map[string]any)
	if list, _ := object[name].([]any); inArray && len(list) > 0 {
		below, _ = list[0].(map[string]any)
	}
	if below == nil {
		below = make(map[string]any)
	}
	put(below, path[1:], value)
	object[name] = below
	if inArray {
		object[name] = []any{below}
	}
}

// sample is a value that step-ca takes for a key.
func sample(key string, typ reflect.Type) any {
	publicKey := map[string]any{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
	// The path is relative to the directory.
	file := map[string]any{"name": "n", "type": "file", "template": "host.tpl", "path": "p", "comment": "#", "requires": []any{"User"}}
	values := map[string]any{
		"ssh.keys":           []any{map[string]any{"type": "host", "federated": true, "key": publicKey}},
		"templates.ssh.host": []any{file}, "templates.ssh.user": []any{file},
		"authority.provisioners[].key": publicKey,
		"address":                      "127.0.0.1:9000", "insecureAddress": "127.0.0.1:9001", "metricsAddress": "127.0.0.1:9002",
		"authority.type": "stepcas", "authority.deploymentType": "linked",
		"kms": map[string]any{"type": "pkcs11"}, "kms.type": "yubikey", "kms.uri": "pkcs11:token=t",
		"root": []any{"a.crt", "b.crt"}, "crl.cacheDuration": "24h", "crl.renewPeriod": "1h",
		"logger": map[string]any{"format": "json"}, "monitoring": map[string]any{"type": "newrelic"},
		"tls": map[string]any{"minVersion": 1.2, "maxVersion": 1.3}, "tls.minVersion": 1.2, "tls.maxVersion": 1.3,
		"tls.cipherSuites": []any{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		"templates.data":   map[string]any{"Anything": map[string]any{"below": 1}},
		"authority.config": map[string]any{"anything": "below"},
		// What a provisioner cannot be without.
		"authority.provisioners[].type": "JWK", "authority.provisioners": []any{},
	}
	if value, ok := values[key]; ok {
		return value
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ == reflect.TypeFor[provisioner.Duration]() {
		return "1m"
	}
	switch typ.Kind() {
	case reflect.String:
		return "x"
	case reflect.Bool:
		return true
	case reflect.Int, reflect.Float64:
		return 1
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.String {
			return []any{"x"}
		}
		return nil
	}
	return map[string]any{}
}

// TestStepKeysAreDocumented: whoever is refused or warned finds the key there.
func TestStepKeysAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "docs", "step-ca-directory.md"))
	must(t, err)
	for _, key := range slices.Concat(slices.Collect(maps.Keys(refusedKeys)), slices.Collect(maps.Keys(ignoredKeys))) {
		if !strings.Contains(string(doc), "`"+key+"`") {
			t.Errorf("docs/step-ca-directory.md does not have the key %s", key)
		}
	}
}
