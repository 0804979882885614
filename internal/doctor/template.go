// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// template is the template of a provisioner's certificates, as far as its text
// shows what will be in them. It is JSON with the actions of text/template, so
// it is not JSON itself.
type template struct {
	text string
	// standard reports whether it is step-ca's own.
	standard bool
}

// parseTemplate decodes the value of a template as step-ca does: JSON, or base64
// of it.
func parseTemplate(value string) template {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "{") {
		if decoded, err := base64.StdEncoding.DecodeString(value); err == nil {
			return template{text: string(decoded)}
		}
	}
	return template{text: value}
}

// stockTemplate is the part of step-ca's own template for leaves that matters
// here.
var stockTemplate = template{text: `{"keyUsage": ["digitalSignature"], "extKeyUsage": ["serverAuth", "clientAuth"]}`, standard: true}

// presence reports whether a template puts a value into certificates.
type presence uint8

const (
	absent presence = iota
	present
	// computed means that only the CA knows, when it issues.
	computed
)

var jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// values returns the strings in the values of a member, at all places where the
// template has it, and whether it has it at all and computes some of them.
func (t template) values(member string) (list []string, have, dynamic bool) {
	key := regexp.MustCompile(`"` + regexp.QuoteMeta(member) + `"\s*:\s*(\[[^\]]*\]|"(?:[^"\\]|\\.)*"|\{\{.*?\}\})`)
	for _, match := range key.FindAllStringSubmatch(t.text, -1) {
		have = true
		value := match[1]
		if strings.Contains(value, "{{") {
			dynamic = true
			continue
		}
		for _, quoted := range jsonString.FindAllString(value, -1) {
			var text string
			if json.Unmarshal([]byte(quoted), &text) == nil {
				list = append(list, text)
			}
		}
	}
	return list, have, dynamic
}

// lists reports whether a member lists a name.
func (t template) lists(member, name string) presence {
	list, _, dynamic := t.values(member)
	switch {
	case slices.ContainsFunc(list, func(got string) bool { return strings.EqualFold(got, name) }):
		return present
	case dynamic:
		return computed
	}
	return absent
}

// exampleURL stands for the responder's, if nobody has said what it is.
const exampleURL = "http://ocsp.example.internal:8889"

// suggestion is step-ca's own template with the responder.
func suggestion(responder string) []string {
	return []string{
		"{",
		"\t\"subject\": {{ toJson .Subject }},",
		"\t\"sans\": {{ toJson .SANs }},",
		"{{- if typeIs \"*rsa.PublicKey\" .Insecure.CR.PublicKey }}",
		"\t\"keyUsage\": [\"keyEncipherment\", \"digitalSignature\"],",
		"{{- else }}",
		"\t\"keyUsage\": [\"digitalSignature\"],",
		"{{- end }}",
		"\t\"extKeyUsage\": [\"serverAuth\", \"clientAuth\"],",
		"\t" + member("ocspServer", []string{responder}),
		"}",
	}
}
