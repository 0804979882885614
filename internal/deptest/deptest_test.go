// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package deptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/stapledjwt/stapled"

// light are the modules that a light package and its tests may come from.
var light = []string{
	module,
	"github.com/go-jose/go-jose/v4",
	"golang.org/x/crypto",
	"golang.org/x/sys", // golang.org/x/crypto takes CPU features from it
}

// heavy may not be imported by anything but ca, cmd and internal/e2e.
const heavy = "github.com/smallstep/"

type pkg struct {
	ImportPath string
	ForTest    string
	Standard   bool
	Imports    []string
	Module     *struct{ Path string }
}

// remembered opens every directory of the module, because that is what go test
// compares before it reports a remembered result: of what `go list` reads, it
// knows nothing, and an import added elsewhere would go unseen.
var remembered = sync.OnceValue(func() error {
	return filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case entry.Name() == ".git" || entry.Name() == ".ci":
			return fs.SkipDir
		}
		dir, err := os.Open(path)
		if err != nil {
			return err
		}
		return dir.Close()
	})
})

// list is what `go list` says of packages and of all that they depend on.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	if err := remembered(); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", append([]string{"list", "-json=ImportPath,ForTest,Standard,Imports,Module"}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var pkgs []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		t.Fatalf("go list %v: no package", args)
	}
	return pkgs
}

func TestLightPackagesStayLight(t *testing.T) {
	for _, row := range []struct{ name, pattern string }{
		{"stapled", ""},
		{"certs", "/certs/..."},
		{"ocspstaple", "/ocspstaple/..."},
		{"issuer", "/issuer/..."},
		{"verifier", "/verifier/..."},
		{"stapledtest", "/stapledtest"},
		{"responder", "/responder"},
		{"responder/crl", "/responder/crl"},
		{"responder/index", "/responder/index"},
		{"responder/ledger", "/responder/ledger"},
		{"stepca", "/stepca/..."},
		{"examples/enroll", "/examples/enroll"}, // what a program that enrolls costs
		{"gateway", "/gateway"},                 // gateway/prom, cel, extauthz and grpcauth are apart for this reason
	} {
		for _, tests := range []bool{false, true} {
			name, args := row.name, []string{"-deps", module + row.pattern}
			if tests {
				name, args = name+" with its tests", slices.Insert(args, 1, "-test")
			}
			t.Run(name, func(t *testing.T) {
				for _, p := range list(t, args...) {
					if !p.Standard && (p.Module == nil || !slices.Contains(light, p.Module.Path)) {
						t.Errorf("%s depends on %s", row.name, p.ImportPath)
					}
				}
			})
		}
	}
}

// TestVerifierDoesNoIO forbids the packages through which a verifier could
// reach the network, a process or a database. crypto/x509 itself needs os and
// net.
func TestVerifierDoesNoIO(t *testing.T) {
	forbidden := []string{"net/http", "os/exec", "database/sql", "net/rpc", "plugin"}
	for _, p := range list(t, "-deps", module+"/verifier") {
		if slices.Contains(forbidden, p.ImportPath) {
			t.Errorf("verifier depends on %s", p.ImportPath)
		}
	}
}

// TestNoCloudServices: keys by URI bring in no client of a cloud service, which
// would multiply the size of the program.
func TestNoCloudServices(t *testing.T) {
	found := false
	for _, p := range list(t, "-deps", module+"/cmd/stapled") {
		kind, ok := strings.CutPrefix(p.ImportPath, "go.step.sm/crypto/kms/")
		found = found || kind == "pkcs11"
		if ok && !slices.Contains([]string{"apiv1", "pkcs11", "softkms", "sshagentkms", "uri"}, kind) {
			t.Errorf("stapled depends on %s", p.ImportPath)
		}
	}
	if !found {
		t.Error("stapled does not depend on kms/pkcs11: this test has lost its object")
	}
}

// TestAdaptersDependOnTheirProtocolOnly: a program that takes one adapter of the
// gateway gets the modules of its protocol, and not those of another.
func TestAdaptersDependOnTheirProtocolOnly(t *testing.T) {
	grpc := []string{
		"google.golang.org/grpc", "google.golang.org/protobuf", "google.golang.org/genproto/googleapis/rpc",
		"golang.org/x/net", "golang.org/x/text",
	}
	for _, row := range []struct {
		name    string
		modules []string
	}{
		{"gateway/cel", []string{
			"cel.dev/cel-go", "cel.dev/expr", "github.com/antlr4-go/antlr/v4", "go.yaml.in/yaml/v3", "golang.org/x/exp",
			"google.golang.org/genproto/googleapis/api", "google.golang.org/genproto/googleapis/rpc", "google.golang.org/protobuf",
		}},
		{"gateway/grpcauth", grpc},
		{"gateway/extauthz", append([]string{
			"github.com/envoyproxy/go-control-plane/envoy", "github.com/envoyproxy/protoc-gen-validate", "github.com/cncf/xds/go",
		}, grpc...)},
	} {
		t.Run(row.name, func(t *testing.T) {
			found := make(map[string]bool)
			for _, p := range list(t, "-deps", module+"/"+row.name) {
				switch {
				case p.Standard:
				case p.Module == nil || !slices.Contains(light, p.Module.Path) && !slices.Contains(row.modules, p.Module.Path):
					t.Errorf("%s depends on %s", row.name, p.ImportPath)
				default:
					found[p.Module.Path] = true
				}
			}
			for _, m := range row.modules {
				if !found[m] {
					t.Errorf("%s does not depend on %s", row.name, m)
				}
			}
		})
	}
}

func TestOnlyTheCAImportsSmallstep(t *testing.T) {
	permitted := []string{"/ca", "/cmd/", "/internal/e2e"}
	found := false
	for _, p := range list(t, "-test", module+"/...") {
		path, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module), " ")
		path = strings.TrimSuffix(strings.TrimSuffix(path, ".test"), "_test")
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, heavy) {
				continue
			}
			found = true
			if path != "/ca" && !strings.HasPrefix(path, "/cmd/") && path != "/internal/e2e" {
				t.Errorf("%s imports %s; only %v may", p.ImportPath, imported, permitted)
			}
		}
	}
	if !found {
		t.Error("no package imports smallstep: this test has lost its object")
	}
}

// below are packages that every other may import: they know nothing of staples.
var below = []string{
	"internal/certkey", "internal/certname", "internal/certx5c", "internal/leeway", "internal/ocspwire", "internal/retryafter", "internal/san", "internal/strictjson", "internal/timetext",
}

// TestImportsPointOneWay holds the packages to their order.
func TestImportsPointOneWay(t *testing.T) {
	for _, row := range []struct {
		from    string
		allowed []string
	}{
		{"internal/certpath", []string{"certs", "internal/certpolicy", "internal/nameconstraint"}},
		{"internal/certpolicy", nil},
		{"internal/nameconstraint", nil},
		{"internal/ocspwire", nil},
		{"ocspstaple", nil},
		{"certs", []string{"internal/pbes2"}},
		{"ocspstaple/stapler", []string{"certs", "ocspstaple"}},
		{"issuer", []string{"certs", "ocspstaple"}},
		{"verifier", []string{"certs", "internal/certpath", "ocspstaple"}},
		{"internal/catalogue", []string{"certs", "internal/stranger", "internal/testca"}}, // never the verifier: it is not asked
		{"gateway", []string{"internal/loglimit", "verifier"}},
		{"gateway/prom", []string{"certs", "verifier", "gateway"}},
		{"gateway/cel", []string{"gateway"}},
		{"gateway/extauthz", []string{"gateway"}},
		{"gateway/grpcauth", []string{"gateway", "issuer"}},
		{"stapledtest", []string{"certs", "internal/testca", "issuer", "ocspstaple", "ocspstaple/stapler", "verifier"}},
		{"responder", nil},
		{"responder/index", []string{"responder"}},
		{"responder/ledger", []string{"responder"}},
		{"responder/crl", []string{"certs", "responder"}},
		{"internal/issuedby", nil},
		{"responder/stepdb", []string{"responder", "internal/issuedby"}},
		{"responder/delegate", []string{"certs", "responder"}},
		{"stepca", []string{"certs", "ocspstaple", "ocspstaple/stapler"}},
		// stepca for the configuration of its client, the internal ones for its own files and addresses.
		{"ca", []string{
			"certs", "ocspstaple", "responder", "responder/stepdb", "stepca", "internal/issuedby", "internal/strictfile", "internal/listenaddr", "internal/loglimit",
		}},
		{"internal/strictfile", nil},
		{"internal/listenaddr", nil},
		// Of the command, from below.
		{"internal/terminal", nil},
		{"internal/cli", []string{"internal/terminal"}},
		{"internal/ocspclient", nil},
		{"internal/ocspview", []string{"internal/ocspclient", "internal/terminal", "ocspstaple"}},
		{"internal/doctor", []string{
			"certs", "internal/certpath", "internal/cli", "internal/ocspclient", "internal/ocspview", "internal/strictfile", "internal/terminal", "ocspstaple", "stepca",
		}},
		{"internal/anatomy", []string{"internal/ocspview", "internal/terminal", "ocspstaple"}},
		{"internal/kmskey", nil},
		{"internal/inventory", []string{"internal/terminal", "ocspstaple", "responder/stepdb"}},
		{"internal/delegation", []string{"certs", "stepca", "internal/cli"}},
		{"internal/service", []string{"internal/loglimit"}},
		{"internal/echo", []string{"gateway"}},
		{"internal/stack", []string{
			"ca", "certs", "gateway", "gateway/prom", "responder", "stepca", "verifier", "internal/cli", "internal/echo",
			"internal/listenaddr", "internal/loglimit", "internal/service", "internal/strictfile",
		}},
		{"internal/ocspserve", []string{
			"certs", "responder", "responder/crl", "responder/delegate", "responder/index", "responder/ledger", "responder/stepdb",
			"internal/cli", "internal/delegation", "internal/follow", "internal/kmskey", "internal/listenaddr", "internal/loglimit", "internal/service", "internal/strictyaml",
		}},
		{"internal/gatewayserve", []string{
			"certs", "gateway", "gateway/cel", "gateway/extauthz", "gateway/prom", "verifier",
			"internal/follow", "internal/leeway", "internal/listenaddr", "internal/loglimit", "internal/service", "internal/statuspage", "internal/strictyaml",
		}},
		{"internal/statuspage", []string{"gateway", "verifier"}},
		{"internal/signer", []string{"certs", "internal/cli", "internal/stack", "ocspstaple", "ocspstaple/stapler"}},
		{"internal/demo", []string{
			"ca", "certs", "gateway", "issuer", "ocspstaple/stapler", "responder", "stepca", "verifier", "internal/cli", "internal/echo",
			"internal/service", "internal/stack", "internal/terminal",
		}},
	} {
		t.Run(row.from, func(t *testing.T) {
			for _, p := range list(t, module+"/"+row.from) {
				for _, imported := range p.Imports {
					ours, ok := strings.CutPrefix(imported, module+"/")
					if ok && !slices.Contains(below, ours) && !slices.Contains(row.allowed, ours) {
						t.Errorf("%s imports %s", row.from, ours)
					}
				}
			}
		})
	}
}

// ofTheCommand are the packages that only the command needs.
var ofTheCommand = []string{
	"internal/anatomy", "internal/cli", "internal/delegation", "internal/demo", "internal/doctor", "internal/echo", "internal/follow", "internal/gatewayserve", "internal/inventory", "internal/kmskey", "internal/ocspclient", "internal/ocspserve", "internal/ocspview", "internal/service", "internal/signer", "internal/stack", "internal/statuspage", "internal/terminal",
}

// TestOnlyTheCommandImportsItsPackages: what the library needs is not kept in a
// package of the command.
func TestOnlyTheCommandImportsItsPackages(t *testing.T) {
	found := make(map[string]bool)
	for _, p := range list(t, "-test", module+"/...") {
		path, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module+"/"), " ")
		path = strings.TrimSuffix(strings.TrimSuffix(path, ".test"), "_test")
		for _, imported := range p.Imports {
			ours, _, _ := strings.Cut(strings.TrimPrefix(imported, module+"/"), " ")
			ours = strings.TrimSuffix(ours, "_test")
			if !slices.Contains(ofTheCommand, ours) {
				continue
			}
			found[ours] = true
			if path != "cmd/stapled" && !slices.Contains(ofTheCommand, path) {
				t.Errorf("%s imports %s, which is for the command", p.ImportPath, ours)
			}
		}
	}
	for _, name := range ofTheCommand {
		if !found[name] {
			t.Errorf("nobody imports %s", name)
		}
	}
}
