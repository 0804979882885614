// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"encoding/json"
	"strings"

	"github.com/smallstep/certificates/authority/config"

	"github.com/stapledjwt/stapled/internal/strictfile"
)

// These are all the keys of ca.json that step-ca v0.30.2 reads, grouped by how
// this package treats them. TestStepKeys compares them with step-ca's own
// types, so a key that a later version adds must be put in a group.

// servedKeys mean the same as in the stock step-ca.
var servedKeys = keySet(`
	root federatedRoots crt key password address insecureAddress dnsNames commonName
	db db.type db.dataSource db.database db.valueDir db.badgerFileLoadingMode
	crl crl.enabled crl.generateOnRevoke crl.cacheDuration crl.renewPeriod crl.idpURL
	tls tls.cipherSuites tls.minVersion tls.maxVersion tls.renegotiation
	ssh ssh.hostKey ssh.userKey ssh.keys ssh.keys[].type ssh.keys[].federated ssh.keys[].key
	ssh.addUserPrincipal ssh.addUserCommand
	ssh.bastion ssh.bastion.hostname ssh.bastion.user ssh.bastion.port ssh.bastion.cmd ssh.bastion.flags
	templates templates.data templates.ssh
	templates.ssh.{host,user} templates.ssh.{host,user}[].{name,type,template,path,comment,requires}
	authority authority.authorityId authority.backdate authority.disableIssuedAtCheck authority.disableGetSSHHosts authority.enableAdmin
	authority.template authority.template.{country,organization,organizationalUnit,locality,province,streetAddress,serialNumber,commonName}
	authority.claims authority.claims.{minTLSCertDuration,maxTLSCertDuration,defaultTLSCertDuration}
	authority.claims.{minUserSSHCertDuration,maxUserSSHCertDuration,defaultUserSSHCertDuration}
	authority.claims.{minHostSSHCertDuration,maxHostSSHCertDuration,defaultHostSSHCertDuration}
	authority.claims.{enableSSHCA,disableRenewal,allowRenewalAfterExpiry,disableSmallstepExtensions}
	authority.policy
	authority.policy.x509 authority.policy.x509.allowWildcardNames
	authority.policy.x509.{allow,deny} authority.policy.x509.{allow,deny}.{cn,dns,email,ip,uri}
	authority.policy.ssh
	authority.policy.ssh.{host,user} authority.policy.ssh.{host,user}.{allow,deny}
	authority.policy.ssh.{host,user}.{allow,deny}.{dns,email,ip,principal}
	authority.provisioners authority.provisioners[].{type,name,key,encryptedKey,claims,options}
	authority.provisioners[].claims.{minTLSCertDuration,maxTLSCertDuration,defaultTLSCertDuration}
	authority.provisioners[].claims.{minUserSSHCertDuration,maxUserSSHCertDuration,defaultUserSSHCertDuration}
	authority.provisioners[].claims.{minHostSSHCertDuration,maxHostSSHCertDuration,defaultHostSSHCertDuration}
	authority.provisioners[].claims.{enableSSHCA,disableRenewal,allowRenewalAfterExpiry,disableSmallstepExtensions}
	authority.provisioners[].options.{x509,ssh} authority.provisioners[].options.{x509,ssh}.{template,templateFile,templateData}
	authority.provisioners[].options.webhooks
	authority.provisioners[].options.webhooks[].{id,name,url,kind,certType,disableTLSClientAuth}
	authority.provisioners[].options.wire
	authority.provisioners[].options.wire.dpop authority.provisioners[].options.wire.dpop.{key,target}
	authority.provisioners[].options.wire.oidc authority.provisioners[].options.wire.oidc.{provider,config,transform}
	authority.provisioners[].options.wire.oidc.config.{clientId,signatureAlgorithms}
	authority.provisioners[].options.wire.oidc.provider.{discoveryBaseUrl,issuerUrl,authorizationUrl,tokenUrl}
	authority.provisioners[].options.wire.oidc.provider.{jwksUrl,userInfoUrl,signatureAlgorithms}
	authority.provisioners[].{accounts,admins,attestationFormats,attestationRoots,audience,authParams,caaIdentities}
	authority.provisioners[].{capabilities,challenge,challenges,clientID,clientSecret,configurationEndpoint}
	authority.provisioners[].{decrypterCertificate,decrypterKey,decrypterKeyPEM,decrypterKeyPassword}
	authority.provisioners[].{disableCustomSANs,disableSSHCAHost,disableSSHCAUser,disableTrustOnFirstUse,domains}
	authority.provisioners[].{encryptionAlgorithmIdentifier,excludeIntermediate,forceCN,groups,iidRoots,imdsVersions}
	authority.provisioners[].{includeRoot,instanceAge,listenAddress,minimumPublicKeyLength,objectIDs,organizationID}
	authority.provisioners[].{projectIDs,publicKeys,requireEAB,resourceGroups,roots,scopes,serviceAccounts}
	authority.provisioners[].{subscriptionIDs,tenantID,termsOfService,website}
`)

// ignoredKeys cause a warning when they have a value.
var ignoredKeys = map[string]string{
	"metricsAddress": "is not served: give stapled up --metrics-address, which has metrics of its own",
	"monitoring":     "is not served: nothing is reported to New Relic",
	"logger":         `is served for {"format": "text"} only: the log goes to stderr, as lines of text`,
}

// refusedKeys have values with which the CA does not start; checkStepConfig
// says which.
var refusedKeys = keySet(`kms kms.type kms.uri authority.type authority.deploymentType`)

// unreadKeys belong to kinds of CA and KMS that refusedKeys rule out. For other
// kinds step-ca does not read them either.
var unreadKeys = keySet(`
	kms.{credentialsFile,managementKey,pin,profile,region,storageDirectory}
	authority.{certificateAuthority,certificateAuthorityFingerprint,credentialsFile,config}
	authority.certificateIssuer authority.certificateIssuer.{type,provisioner,crt,key,password}
`)

// anythingBelow lists the keys whose values step-ca does not interpret.
var anythingBelow = keySet(`
	logger monitoring authority.config templates.data
	authority.provisioners[].key authority.provisioners[].options.{x509,ssh}.templateData
	authority.provisioners[].options.wire.dpop.key ssh.keys[].key
`)

// keySet reads words in which braces hold alternatives.
func keySet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(words) {
		for _, key := range alternatives(word) {
			set[key] = true
		}
	}
	return set
}

func alternatives(word string) []string {
	before, rest, found := strings.Cut(word, "{")
	if !found {
		return []string{word}
	}
	inside, after, _ := strings.Cut(rest, "}")
	var all []string
	for _, choice := range strings.Split(inside, ",") {
		for _, tail := range alternatives(after) {
			all = append(all, before+choice+tail)
		}
	}
	return all
}

// notice warns about a key of ca.json that may not do what its author expects.
type notice struct {
	line int
	text string
}

// notices compares the keys in a ca.json with the keys that mean something.
func notices(keys []strictfile.Key, cfg *config.Config) []notice {
	var found []notice
	plainLog := plainLogger(cfg.Logger)
	for _, key := range keys {
		path, known := knownKey(key.Path)
		why, ignored := ignoredKeys[path]
		switch {
		case !known:
			found = append(found, notice{key.Line, "key " + key.Path + " is unknown, to step-ca too: it has no effect"})
		case key.Twice:
			found = append(found, notice{key.Line, "key " + key.Path + " occurs twice: the last one counts, as for step-ca"})
		case ignored && !key.Empty && !(path == "logger" && plainLog):
			found = append(found, notice{key.Line, "key " + path + " " + why})
		}
	}
	return found
}

// plainLogger reports whether the logger is the one that `step ca init` writes.
func plainLogger(raw json.RawMessage) bool {
	var logger struct{ Format, TraceHeader string }
	if len(raw) > 0 && json.Unmarshal(raw, &logger) != nil {
		return false
	}
	return logger.TraceHeader == "" && (logger.Format == "" || strings.EqualFold(logger.Format, "text"))
}

// knownKey finds a key as encoding/json does: it prefers the exact case but
// accepts any.
func knownKey(path string) (string, bool) {
	sets := []map[string]bool{servedKeys, refusedKeys, unreadKeys}
	for _, set := range sets {
		if set[path] {
			return path, true
		}
	}
	if _, ok := ignoredKeys[path]; ok {
		return path, true
	}
	for above := range anythingBelow {
		if len(path) > len(above) && strings.EqualFold(path[:len(above)], above) && strings.ContainsRune(".[", rune(path[len(above)])) {
			return path, true
		}
	}
	for _, set := range sets {
		for key := range set {
			if strings.EqualFold(key, path) {
				return key, true
			}
		}
	}
	for key := range ignoredKeys {
		if strings.EqualFold(key, path) {
			return key, true
		}
	}
	return "", false
}
