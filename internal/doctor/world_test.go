// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/testca"
)

// world is a step-ca with a responder beside it, in which a test makes mistakes
// before it starts. It is 12:00 on testca.Now, except for TLS, which has no clock
// of its own.
type world struct {
	root, ca *testca.Party
	// leafEdits change the certificate in question.
	leafEdits []testca.Edit
	// roots are given to the examination.
	roots []*x509.Certificate
	// serverEdits change the CA's TLS certificate.
	serverEdits []testca.Edit
	// handlers replace answers of the CA, by path.
	handlers map[string]http.HandlerFunc
	// provisioners is the answer about them.
	provisioners string
	// crl edits the list; nil means that there is none.
	crl       func(*x509.RevocationList)
	crlSigner *testca.Party
	// caClock and ocspClock are what the servers add to the time.
	caClock, ocspClock time.Duration
	// answer edits the responder's answers, and status replaces them, unless 0.
	answer   func(*testca.Response)
	status   ocspwire.ResponseStatus
	sha1Only bool

	caURL, ocspURL string
	leaf           *testca.Party
}

// newWorld returns a world without mistakes.
func newWorld() *world {
	w := &world{root: testca.New(), handlers: make(map[string]http.HandlerFunc)}
	w.ca = w.root.Intermediate()
	w.roots = []*x509.Certificate{w.root.Cert}
	w.provisioners = `{"type": "JWK", "name": "services", "claims": {"disableRenewal": true}, "options": {"x509": {"template": "{\"keyUsage\": [\"digitalSignature\"], \"extKeyUsage\": [\"serverAuth\", \"clientAuth\"], \"ocspServer\": [\"OCSP\"]}"}}}`
	w.crl = func(*x509.RevocationList) {}
	w.crlSigner = w.ca
	w.answer = func(*testca.Response) {}
	return w
}

// start starts both servers, and issues the leaf.
func (w *world) start(t *testing.T) {
	t.Helper()
	responder := httptest.NewServer(http.HandlerFunc(w.respond))
	t.Cleanup(responder.Close)
	w.ocspURL = responder.URL
	w.leaf = w.ca.Leaf(append([]testca.Edit{func(t *testca.Template) { t.OCSPServer = []string{w.ocspURL} }}, w.leafEdits...)...)

	server := w.ca.Leaf(append([]testca.Edit{testca.Named("CA"), testca.Valid(testca.Now.AddDate(-1, 0, 0), testca.Now.AddDate(8, 0, 0)), func(t *testca.Template) {
		t.IPAddresses, t.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}}, w.serverEdits...)...)
	ca := httptest.NewUnstartedServer(http.HandlerFunc(w.serveCA))
	ca.Config.ErrorLog = log.New(io.Discard, "", 0) // some handshakes must fail
	ca.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{server.Cert.Raw, w.ca.Cert.Raw}, PrivateKey: server.Key}}}
	ca.StartTLS()
	t.Cleanup(ca.Close)
	w.caURL = ca.URL
}

// config looks at everything.
func (w *world) config() Config {
	return Config{
		CAURL: w.caURL, Roots: w.roots, Leaf: w.leaf.Cert, Issuer: w.ca.Cert, Others: w.leaf.Chain(),
		Now: func() time.Time { return testca.Now },
	}
}

func (w *world) serveCA(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Date", testca.Now.Add(w.caClock).Format(http.TimeFormat))
	if handler, ok := w.handlers[r.URL.Path]; ok {
		handler(rw, r)
		return
	}
	switch r.URL.Path {
	case "/health":
		fmt.Fprint(rw, `{"status":"ok"}`)
	case "/roots":
		sendJSON(rw, map[string]any{"crts": []string{encodePEM(w.root.Cert)}})
	case "/intermediates":
		sendJSON(rw, map[string]any{"crts": []string{encodePEM(w.ca.Cert)}})
	case "/provisioners":
		fmt.Fprintf(rw, `{"provisioners": [%s], "nextCursor": ""}`, strings.ReplaceAll(w.provisioners, "OCSP\\", w.ocspURL+"\\"))
	case "/1.0/crl":
		if w.crl == nil {
			http.Error(rw, `{"status":404,"message":"not enabled"}`, http.StatusNotFound)
			return
		}
		_, _ = rw.Write(w.list())
	default:
		http.NotFound(rw, r)
	}
}

// list makes the CRL.
func (w *world) list() []byte {
	list := &x509.RevocationList{
		Number: big.NewInt(7), ThisUpdate: testca.Now.Add(-10 * time.Minute), NextUpdate: testca.Now.Add(50 * time.Minute),
		ExtraExtensions: []pkix.Extension{{Id: oidDistributionPoint, Critical: true, Value: distributionPoint(w.caURL + "/1.0/crl")}},
	}
	w.crl(list)
	der, err := x509.CreateRevocationList(rand.Reader, list, w.crlSigner.Cert, w.crlSigner.Key)
	if err != nil {
		panic(err)
	}
	return der
}

// distributionPoint encodes an issuing distribution point with one URL.
func distributionPoint(url string) []byte {
	n := byte(len(url))
	return append([]byte{0x30, n + 6, 0xa0, n + 4, 0xa0, n + 2, 0x86, n}, url...)
}

// respond answers OCSP requests, and knows the leaf only.
func (w *world) respond(rw http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the test will say so
	}
	rw.Header().Set("Date", testca.Now.Add(w.ocspClock).Format(http.TimeFormat))
	rw.Header().Set("Content-Type", ocspwire.ResponseType)
	req, err := ocsp.ParseRequest(raw)
	switch {
	case err != nil:
		_, _ = rw.Write(ocspwire.ErrorResponse(ocspwire.MalformedRequest))
	case w.status != 0:
		_, _ = rw.Write(ocspwire.ErrorResponse(w.status))
	case w.sha1Only && req.HashAlgorithm != crypto.SHA1:
		_, _ = rw.Write(ocspwire.ErrorResponse(ocspwire.Unauthorized))
	default:
		response := testca.NewResponse(w.leaf)
		response.Singles[0] = testca.NewSingle(w.leaf.Cert, w.ca.Cert, req.HashAlgorithm)
		if req.SerialNumber.Cmp(w.leaf.Cert.SerialNumber) != 0 {
			response.Singles[0].Serial, response.Singles[0].Status = req.SerialNumber, testca.Unknown
		}
		w.answer(response)
		_, _ = rw.Write(response.DER())
	}
}

func sendJSON(rw http.ResponseWriter, value any) {
	rw.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(rw).Encode(value) // a client that has gone fails its own test
}

func encodePEM(list ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range list {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.String()
}

// directory writes a step-ca directory with this ca.json, the certificates of the
// world in certs, and these other files. DIR in them is the directory.
func (w *world) directory(t *testing.T, caJSON string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"config/ca.json": caJSON, "certs/root_ca.crt": encodePEM(w.root.Cert), "certs/intermediate_ca.crt": encodePEM(w.ca.Cert, w.root.Cert),
	}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		content = strings.ReplaceAll(content, "DIR/", dir+"/")
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
