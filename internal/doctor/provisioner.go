// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/stepca"
)

// examineProvisioners examines the templates and claims of provisioners: those
// that the running CA names, or else those of ca.json.
func (e *examination) examineProvisioners(ctx context.Context) {
	list, from, ok := e.provisioners(ctx)
	if !ok {
		return
	}
	var issuing []provisioner
	for _, p := range list {
		if p.Type == "SSHPOP" { // it issues no X.509 certificate
			continue
		}
		found := provisioner{Provisioner: p}
		found.template, found.unseen = e.templateOf(p)
		if found.unseen == "" && found.template.lists("extKeyUsage", "OCSPSigning") == present {
			continue // it issues the certificates of responders
		}
		issuing = append(issuing, found)
	}
	if len(issuing) == 0 {
		e.report.add("provisioner.responder", Missing, from+" has no provisioner for X.509 certificates",
			advise("write "+e.templateFile()+":", suggestion(e.responderURL())...),
			advise("add a provisioner, and restart the CA:", command("step ca provisioner add services --type JWK --create --x509-template", e.templateFile())))
		return
	}
	// One with a responder is enough: the others may be for something else.
	named := e.cfg.Leaf != nil && len(e.cfg.Leaf.OCSPServer) > 0
	for _, p := range issuing {
		urls, _, dynamic := p.template.values("ocspServer")
		e.responders = append(e.responders, urls...)
		named = named || p.unseen != "" || dynamic || len(urls) > 0
	}
	for _, p := range issuing {
		e.examineResponderURL(p, named)
		e.examineUsage(p)
		e.examineRenewal(p)
	}
}

// provisioner is one with its template.
type provisioner struct {
	stepca.Provisioner
	template template
	// unseen says why the template cannot be seen; "" if it can.
	unseen string
}

// provisioners returns the provisioners and who named them.
func (e *examination) provisioners(ctx context.Context) (list []stepca.Provisioner, from string, ok bool) {
	switch {
	case e.client != nil:
		var err error
		e.ask(ctx, "the CA for its provisioners", func(ctx context.Context) { list, err = e.client.Provisioners(ctx) })
		if err != nil {
			e.unanswered("provisioner.responder", err)
			return nil, "", false
		}
		e.compareProvisioners(list)
		return list, "the CA", true
	case e.directory == nil:
		return nil, "", false
	case e.directory.config.Authority.EnableAdmin:
		e.report.add("provisioner.responder", Unseen, "the provisioners are in the database (authority.enableAdmin), where only the running CA sees them: give --ca-url too")
		return nil, "", false
	}
	return e.directory.config.Authority.Provisioners, "ca.json", true
}

// templateOf returns a provisioner's template, or why it cannot be seen.
func (e *examination) templateOf(p stepca.Provisioner) (t template, unseen string) {
	x := p.Options.X509
	switch {
	case x.Template != "":
		return parseTemplate(x.Template), ""
	case x.TemplateFile == "":
		return stockTemplate, ""
	case e.directory == nil:
		return template{}, fmt.Sprintf("its template is in %s on the CA's machine: give --dir there, or --cert with a certificate of this provisioner", x.TemplateFile)
	}
	about := fmt.Sprintf("provisioner %q", p.Name)
	text, err := e.directory.readTemplate(x.TemplateFile)
	if errors.Is(err, fs.ErrNotExist) {
		e.report.addAbout("provisioner.template", about, Missing, err.Error(),
			advise("restore the template, or name another in ca.json, with an absolute path:", templateLine(e.templateFile())))
		return template{}, "its template is not there"
	}
	if err != nil {
		return template{}, err.Error()
	}
	// `stapled up` finds it in the directory.
	if !filepath.IsAbs(x.TemplateFile) && !e.own {
		e.report.addAbout("provisioner.template", about, Warn, fmt.Sprintf("its template %s depends on STEPPATH: step-ca looks for it there, or in $HOME/.step, and not in the directory of the CA; if it is not there, the CA issues nothing and answers 500", x.TemplateFile),
			advise("name it in ca.json with an absolute path, and restart the CA:", templateLine(e.directory.path(x.TemplateFile))))
	}
	return parseTemplate(text), ""
}

// templateFile returns the absolute path for the suggested template, or one in
// its place.
func (e *examination) templateFile() string {
	if e.directory != nil {
		return e.directory.path("templates/stapled.tpl")
	}
	return "/ABSOLUTE/PATH/stapled.tpl"
}

// templateLine is the line for a provisioner in ca.json.
func templateLine(file string) string {
	return `"options": {"x509": {` + member("templateFile", file) + `}},`
}

func (p provisioner) about() string { return fmt.Sprintf("provisioner %q", p.Name) }

// examineResponderURL checks that certificates name a responder.
func (e *examination) examineResponderURL(p provisioner, anotherDoes bool) {
	const name = "provisioner.responder"
	if p.unseen != "" {
		e.report.addAbout(name, p.about(), Unseen, p.unseen)
		return
	}
	urls, _, dynamic := p.template.values("ocspServer")
	for _, url := range urls {
		if err := ocspclient.CheckURL(url); err != nil {
			e.report.addAbout(name, p.about(), Missing, fmt.Sprintf("its certificates name %q as their responder: %v", url, err),
				advise("correct the URL in the template:", member("ocspServer", []string{e.responderURL()})))
			return
		}
	}
	switch {
	case len(urls) > 0:
		e.report.addAbout(name, p.about(), OK, "its certificates name "+strings.Join(urls, ", "))
	case dynamic:
		e.report.addAbout(name, p.about(), OK, "its template computes the responders of its certificates")
	case anotherDoes:
		e.report.addAbout(name, p.about(), Warn, "its certificates name no OCSP responder, so they cannot sign tokens", e.templateAdvice(p)...)
	default:
		e.report.addAbout(name, p.about(), Missing, "its certificates name no OCSP responder", e.withResponderAdvice(e.templateAdvice(p))...)
	}
}

// withResponderAdvice appends the advice about a responder, once.
func (e *examination) withResponderAdvice(list []Advice) []Advice {
	if e.explained || e.own {
		return list
	}
	e.explained = true
	return append(list, responderAdvice())
}

// responderURL returns the URL of the responder, or one in its place.
func (e *examination) responderURL() string {
	if e.cfg.ResponderURL != "" {
		return e.cfg.ResponderURL
	}
	return exampleURL
}

// templateAdvice says how to have certificates name the responder.
func (e *examination) templateAdvice(p provisioner) []Advice {
	line := member("ocspServer", []string{e.responderURL()})
	if !p.template.standard {
		return []Advice{advise("add to its template, with the URL at which services reach your responder:", line)}
	}
	var advice []Advice
	if !e.suggested {
		advice = append(advice, advise("write "+e.templateFile()+", with the URL at which services reach your responder:", suggestion(e.responderURL())...))
		e.suggested = true
	}
	if e.directory != nil && !e.directory.config.Authority.EnableAdmin {
		return append(advice, advise(fmt.Sprintf("add to provisioner %q in ca.json, and restart the CA:", p.Name), templateLine(e.templateFile())))
	}
	return append(advice,
		advise("name it in ca.json, and restart the CA; the path must be absolute, because step-ca looks for another below STEPPATH or $HOME/.step:", templateLine(e.templateFile())),
		advise("or, with remote management:", command("step ca provisioner update --x509-template "+e.templateFile(), p.Name)))
}

// examineUsage checks that certificates may sign tokens.
func (e *examination) examineUsage(p provisioner) {
	const name = "provisioner.usage"
	if p.unseen != "" {
		return // said once is enough
	}
	wanted := usageName(e.cfg.KeyUsage)
	signs, purpose := p.template.lists("keyUsage", "digitalSignature"), p.template.lists("extKeyUsage", wanted)
	switch {
	case signs == absent:
		e.report.addAbout(name, p.about(), Missing, "its certificates lack digitalSignature", advise("add to its template:", `"keyUsage": ["digitalSignature"],`))
	case purpose == absent:
		e.report.addAbout(name, p.about(), Missing, "its certificates lack "+wanted+", which verifiers want",
			advise("add to its template:", `"extKeyUsage": ["serverAuth", "clientAuth"],`), otherUsage(e.cfg.KeyUsage))
	case signs == computed || purpose == computed:
		e.report.addAbout(name, p.about(), Unseen, "its template computes the key usages: give --cert with one of its certificates")
	default:
		e.report.addAbout(name, p.about(), OK, "its certificates have digitalSignature and "+wanted)
	}
}

// examineRenewal says what a thief of a key can do without the provisioner.
func (e *examination) examineRenewal(p provisioner) {
	const name = "provisioner.renewal"
	var defaults stepca.ProvisionerClaims
	if e.directory != nil {
		defaults = e.directory.config.Authority.Claims
	}
	caveat := ""
	if e.directory == nil && p.Claims.DisableRenewal == nil {
		caveat = ", unless authority.claims in ca.json says otherwise"
	}
	disabled := setting(p.Claims.DisableRenewal, defaults.DisableRenewal)
	afterEnd := setting(p.Claims.AllowRenewalAfterExpiry, defaults.AllowRenewalAfterExpiry)
	switch {
	case disabled:
		e.report.addAbout(name, p.about(), OK, "its certificates cannot renew themselves, so a revocation ends them")
	case afterEnd:
		e.report.addAbout(name, p.about(), Warn, "its certificates renew themselves even after their end: a thief of an old key gets a new certificate",
			advise("remove from its claims in ca.json, or set:", `"claims": {"allowRenewalAfterExpiry": false},`))
	default:
		e.report.addAbout(name, p.about(), Warn, "its certificates renew themselves: a thief of a key may have renewed, and revoking the certificate does not end the renewed one"+caveat,
			advise("after a theft, revoke every certificate of the name:", e.revokeLine()),
			advise("or have services enroll anew; add to the provisioner in ca.json:", `"claims": {"disableRenewal": true},`))
	}
}

// revokeLine is the command that revokes. Only `stapled up` keeps a database that
// `stapled revoke` finds by its directory.
func (e *examination) revokeLine() string {
	if e.directory != nil && e.directory.ownAddress != "" {
		return command("stapled revoke --name NAME --dir", e.directory.dir)
	}
	return "step ca revoke SERIAL"
}

// responderAdvice says how to have a responder, if there is none yet.
func responderAdvice() Advice {
	return advise("if there is no responder yet, add a provisioner for its certificate to the CA, restart the CA, and start one; docs/step-ca.md shows each step, and ocsp.yaml:",
		"stapled ocsp delegate --print-template > ocsp-delegate.tpl",
		"step ca provisioner add ocsp --type JWK --create --x509-template ocsp-delegate.tpl",
		"stapled ocsp serve --config ocsp.yaml")
}

// setting returns a claim: the provisioner's, or else the CA's, or else false.
func setting(own, inherited *bool) bool {
	switch {
	case own != nil:
		return *own
	case inherited != nil:
		return *inherited
	}
	return false
}
