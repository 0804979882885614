#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that the directory of `stapled up` is a real step-ca: the stock step
# command works against `stapled up`, the OCSP responder knows what it revokes,
# and the stock step-ca runs on the same directory afterwards. Then the other way
# round: `stapled up` runs CAs that `step ca init` made, in the shapes found in the
# wild.
#
#   scripts/interop-step.sh
#
# Needs bash, go, openssl and jq. Variables:
#   STAPLED                the stapled command to test (default: built here)
#   STAPLED_INTEROP_CACHE  directory for the two stock binaries, of v0.30.2
#                          (default: ~/.cache/stapled-interop); they are built
#                          there if they are missing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh

build_stock step-ca step
step=$stock/step
stepca=$stock/step-ca

# Ignore the user's own step configuration.
export STEPPATH=$work/steppath
password=$dir/secrets/password

ca() { # ca COMMAND ARGUMENT...: step ca, against this CA
  local command=$1
  shift
  "$step" ca "$command" "$@" --ca-url "$ca_url" --root "$root"
}
certificate() { # certificate NAME: enrolls NAME into NAME.crt and NAME.key
  ca certificate "$1.internal" "$work/$1.crt" "$work/$1.key" --provisioner "$provisioner" --provisioner-password-file "$password" --force
}
serial() { "$step" certificate inspect --format json "$work/$1.crt" | sed -n 's/^  "serial_number": *"\([0-9]*\)".*/\1/p'; }
ocsp() { # ocsp NAME STATUS: the responder says STATUS, and openssl trusts it
  local out
  out=$(openssl ocsp -sha256 -issuer "$intermediate" -cert "$work/$1.crt" -url "$ocsp_url" -CAfile "$root" -no_nonce 2>&1) || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  grep -q '^Response verify OK' <<<"$out" && grep -q ": $2\$" <<<"$out"
}
names_responder() { [ "$(openssl x509 -in "$work/$1.crt" -noout -ocsp_uri)" = "$ocsp_url" ]; }
by_token() { # by_token NAME REASON: revokes with a provisioner token
  local token
  token=$(ca token "$(serial "$1")" --revoke --provisioner "$provisioner" --provisioner-password-file "$password") &&
    ca revoke "$(serial "$1")" --token "$token" --reasonCode "$2"
}

start_stepca() { # the stock step-ca, in its directory
  (cd "$dir" && STEPPATH=$dir exec "$stepca" config/ca.json --password-file "$password" >"$work/step-ca.err" 2>&1) &
  child=$!
  for _ in $(seq 300); do
    if ca health >/dev/null 2>&1; then return; fi
    kill -0 "$child" 2>/dev/null || die "the stock step-ca does not start on the directory"
    sleep 0.1
  done
  die "the stock step-ca does not answer"
}

start_stack
provisioner=$(sed -n 's/.*"provisioner" *: *"\([^"]*\)".*/\1/p' "$dir/config/stapled.json")

# 1. The stock step command against stapled up.
check "step ca health works against stapled up" ca health
check "step ca certificate enrolls from stapled up" certificate first
check "the certificate names the responder" names_responder first
check "the certificate leads to the root" openssl verify -CAfile "$root" -untrusted "$intermediate" "$work/first.crt"
check "the responder says that it is good" ocsp first good
check "step ca renew renews it" ca renew "$work/first.crt" "$work/first.key" --force
check "the responder says that the renewed one is good" ocsp first good
check "step ca certificate enrolls another" certificate second
check "step ca revoke revokes by provisioner token" by_token first keyCompromise
check "the responder says that it is revoked" ocsp first revoked
refuses "step ca renew of the revoked certificate is refused" "necessary authorization" ca renew "$work/first.crt" "$work/first.key" --force
check "step ca revoke revokes by the certificate itself" ca revoke --cert "$work/second.crt" --key "$work/second.key"
check "the responder says that this one is revoked, too" ocsp second revoked
check "SIGTERM ends stapled up with status 0" stop_child

# 2. The stock step-ca on the same directory.
start_stepca
check "the stock step-ca starts on the directory" ca health
check "the stock step-ca issues" certificate third
check "its certificate names the responder" names_responder third
check "the stock step-ca revokes" by_token third superseded
check "the stock step-ca issues one more" certificate fourth
refuses "the stock step-ca knows what was revoked before" "necessary authorization" ca renew "$work/first.crt" "$work/first.key" --force
refuses "stapled up refuses the directory while step-ca has it" "in use" timeout 30 "$stapled" up --dir "$dir" --json
stop_child || true # step-ca's exit status does not matter

# 3. stapled up again, after step-ca.
was=$ca_url
gateway_address=${gateway_url#http://}
start_stack
check "stapled up keeps its addresses" test "$was" = "$ca_url"
check "what step-ca has issued is good" ocsp fourth good
check "what step-ca has revoked is revoked" ocsp third revoked
check "what was revoked before is still revoked" ocsp first revoked
check "SIGTERM ends stapled up with status 0 again" stop_child

# 4. A CA that `step ca init` made, and that has issued before. It gets the
# addresses that are free now.
existing() { # existing COMMAND...: with the directory of that CA
  STEPPATH=$work/existing "$@"
}
printf 'existing password\n' >"$work/password"
check "step ca init makes a CA" existing "$step" ca init --deployment-type standalone --name Existing \
  --dns 127.0.0.1 --address "${ca_url#https://}" --provisioner admin --password-file "$work/password"
dir=$work/existing root=$dir/certs/root_ca.crt intermediate=$dir/certs/intermediate_ca.crt
password=$work/password provisioner=admin
# As the help of `stapled ocsp delegate` says.
printf 'delegate password\n' >"$work/delegate.password"
mkdir -p "$dir/templates"
"$stapled" ocsp delegate --print-template >"$dir/templates/ocsp-delegate.tpl"
check "step ca provisioner add takes the template for delegates" existing "$step" ca provisioner add ocsp --type JWK --create \
  --password-file "$work/delegate.password" --x509-default-dur 24h --x509-template "$dir/templates/ocsp-delegate.tpl"
check "step ca provisioner add takes it for X5C" existing "$step" ca provisioner add ocsp-x5c --type X5C \
  --x5c-roots "$root" --x509-template "$dir/templates/ocsp-delegate.tpl"
start_stepca
check "its step-ca issues" certificate fifth
delegate() { # delegate NAME ARGUMENT...
  local name=$1
  shift
  "$stapled" ocsp delegate --ca-url "$ca_url" --root "$root" --cert "$work/$name.crt" --key "$work/$name.key" "$@" &&
    openssl x509 -in "$work/$name.crt" -noout -text | grep -q 'OCSP No Check'
}
check "stapled ocsp delegate obtains a delegate by JWK" delegate delegate --provisioner ocsp --password-file "$work/delegate.password"
check "stapled ocsp delegate obtains a delegate by X5C" delegate delegate-x5c --provisioner ocsp-x5c --x5c-cert "$work/fifth.crt" --x5c-key "$work/fifth.key"
refuses "stapled ocsp delegate says what ca.json lacks" 'add "options": {"x509": {"templateFile": "/ABSOLUTE/PATH/ocsp-delegate.tpl"}} to provisioner "admin"' \
  delegate none --provisioner admin --password-file "$password"
# Why delegates are enrolled anew.
refuses "the stock step-ca does not renew a delegate" 'bad certificate' ca renew "$work/delegate.crt" "$work/delegate.key" --force
stop_child || true
refuses "stapled up says what the directory lacks" 'create that file, for example with {"ocsp_address"' "$stapled" up --dir "$dir"
cp "$password" "$dir/secrets/password"
printf '{"ocsp_address": "%s", "ocsp_url": "%s", "ca_url": "%s", "provisioner": "admin"}\n' \
  "${ocsp_url#http://}" "$ocsp_url" "$ca_url" >"$dir/config/stapled.json"
start_stack
check "the responder answers for what was issued before" ocsp fifth good
stapled_token() {
  local token
  token=$("$stapled" token --dir "$dir" --audience echo --staple-chain) &&
    "$stapled" verify --anchor "$root" --audience echo --staples chain "$token"
}
check "stapled token signs with a certificate of this CA" stapled_token
check "stapled revoke revokes what was issued before" "$stapled" revoke --dir "$dir" --cert "$work/fifth.crt"
check "the responder says that it is revoked" ocsp fifth revoked
check "SIGTERM ends stapled up on this CA with status 0" stop_child

# 5. Other shapes. The stock step-ca starts first on each.
init() { # init NAME ARGUMENT...: a new directory of step ca init
  dir=$work/$1
  root=$dir/certs/root_ca.crt intermediate=$dir/certs/intermediate_ca.crt
  shift
  STEPPATH=$dir "$step" ca init --deployment-type standalone --name Shape --dns 127.0.0.1 --address "${ca_url#https://}" \
    --provisioner admin --password-file "$password" "$@" >"$work/init.err" 2>&1 || die "step ca init $* fails"
  printf '{"ocsp_address": "%s", "ocsp_url": "%s", "ca_url": "%s", "provisioner": "admin"}\n' \
    "${ocsp_url#http://}" "$ocsp_url" "$ca_url" >"$dir/config/stapled.json"
}
edit() { # edit FILTER: changes ca.json
  jq "$1" "$dir/config/ca.json" >"$work/ca.json" && cp "$work/ca.json" "$dir/config/ca.json"
}
up() {
  up_arguments=(--password-file "$password")
  start_stack
  up_arguments=()
}
logged() { grep -q -- "$1" "$work/up.err"; }
silent() { ! grep -E 'level=(WARN|ERROR)' "$work/up.err"; }
lives() { # lives NAME: stapled up issues, answers and revokes, and logs it
  local token
  token=$("$stapled" token --dir "$dir" --audience echo --password-file "$password") &&
    "$stapled" verify --anchor "$root" --audience echo "$token" &&
    certificate "$1" && ocsp "$1" good && ca renew "$work/$1.crt" "$work/$1.key" --force && ocsp "$1" good &&
    "$stapled" revoke --dir "$dir" --cert "$work/$1.crt" --password-file "$password" && ocsp "$1" revoked &&
    logged "msg=\"certificate issued\" .*CN=$1.internal" && logged "msg=\"certificate renewed\" .*CN=$1.internal" &&
    logged "msg=\"certificate revoked\" .*CN=$1.internal"
}
shape() { # shape NAME: both start on the directory; stapled up reports no problem
  start_stepca
  check "$1: the stock step-ca issues" certificate before
  stop_child || true
  up
  check "$1: the responder answers for what was issued before" ocsp before good
  check "$1: stapled up issues, renews and revokes" lives "$2"
}

init plain
mode=$(stat -c %a "$dir")
shape "as made" plain
check "as made: nothing to warn of" silent
check "as made: the mode of the directory stays $mode" test "$(stat -c %a "$dir")" = "$mode"
stop_child || true

# A change of roots: the CA still hands out the old root.
{
  "$step" certificate create 'New Root' "$work/new_root.crt" "$work/new_root.key" --profile root-ca --no-password --insecure
  "$step" certificate create 'New Intermediate' "$work/new.crt" "$work/new.key" --profile intermediate-ca \
    --ca "$work/new_root.crt" --ca-key "$work/new_root.key" --password-file "$password"
} >"$work/create.err" 2>&1
init roots
cp "$work/new.crt" "$work/new.key" "$work/new_root.crt" "$dir/certs/"
cat "$work/new_root.crt" "$root" >"$dir/certs/both.crt"
edit '.root = [.root, "certs/both.crt"] | .crt = "certs/new.crt" | .key = "certs/new.key"'
intermediate=$dir/certs/new.crt
root=$dir/certs/new_root.crt
shape "two roots, relative paths" roots
stop_child || true

# The root issues itself.
init single
edit ".crt = \"$root\" | .key = \"$dir/secrets/root_ca_key\""
intermediate=$root
shape "a root that issues" single
stop_child || true

# A template in a file, and a CRL over plain HTTP.
init crl
printf '%s\n' '{"subject": {{ toJson .Subject }}, "sans": {{ toJson .SANs }}, "keyUsage": ["digitalSignature"], "extKeyUsage": ["clientAuth"], "ocspServer": ["http://ocsp.internal"]}' >"$dir/templates/leaf.tpl"
edit ".authority.provisioners[0].options.x509.templateFile = \"templates/leaf.tpl\" | .insecureAddress = \"$gateway_address\" | .crl = {enabled: true, generateOnRevoke: true}"
shape "a template file and a CRL" crl
names_template() { [ "$(openssl x509 -in "$work/crl.crt" -noout -ocsp_uri)" = http://ocsp.internal ]; }
crl_has() { curl -sf "http://$gateway_address/1.0/crl" | openssl crl -inform der -noout -text | grep -qi "serial number: $(openssl x509 -in "$work/crl.crt" -noout -serial | cut -d= -f2)"; }
check "the template file is used" names_template
check "the CRL has what was revoked" crl_has
check "the output names the CRL" grep -q "\"crl_url\":\"http://$gateway_address/1.0/crl\"" "$work/up.json"
stop_child || true

# SSH, and a key that neither program reads.
init ssh --ssh
edit '.typo = 1'
shape "SSH" ssh
ssh_login() { "$step" ssh certificate --ca-url "$ca_url" --root "$root" --provisioner admin --provisioner-password-file "$password" --no-password --insecure --no-agent --force alice "$work/alice"; }
check "an SSH certificate is issued" ssh_login
check "it is in the log" logged 'msg="SSH certificate issued" .*key_id=alice'
check "an unknown key is named" logged 'key typo is unknown'
stop_child || true

# Remote management: the provisioners move into the database at the first start.
init remote --acme
edit '.authority.enableAdmin = true'
shape "remote management" remote
stop_child || true
edit 'del(.authority.provisioners)'
up
check "provisioners in the database are found" lives database
administer() { "$step" ca provisioner "$@" --ca-url "$ca_url" --root "$root" --admin-subject=step --admin-provisioner=admin --admin-password-file "$password"; }
check "step ca provisioner add works against stapled up" administer add later --type ACME
check "it is in the log" logged 'msg=administration method=POST path=/admin/provisioners status=201'
jq '.provisioner = "acme"' "$dir/config/stapled.json" >"$work/stapled.json"
cp "$work/stapled.json" "$dir/config/stapled.json"
stop_child || true
up
check "one that is not there is named, with those that are" logged 'the database .* has no JWK provisioner .*acme.* write one of .*admin'
stop_child || true

# Every interface, and the password where step-ca looks for it.
init everywhere
edit ".address = \":${ca_url##*:}\" | .password = \"$(cat "$password")\""
start_stepca
check "the password in ca.json: the stock step-ca issues" certificate before
stop_child || true
start_stack
check "the password in ca.json: stapled up issues, renews and revokes" lives everywhere
check "the output says that it listens on every interface" grep -Eq "\"ca\":\"(\[::\]|0\.0\.0\.0):${ca_url##*:}\"" "$work/up.json"
stop_child || true

# Shapes that only the stock step-ca serves.
refused() { # refused NAME PATTERN FILTER: the line names the key
  init "$1"
  edit "$3"
  refuses "$1: the key is named" "$2" "$stapled" up --dir "$dir" --password-file "$password"
}
refused kms 'key kms names a KMS' '.kms = {type: "pkcs11", uri: "pkcs11:token=t"}'
refused authority 'key authority.type is' '.authority.type = "stepcas"'
refused linked 'key authority.deploymentType is' '.authority.deploymentType = "linked"'
refused port 'key address is' '.address = "127.0.0.1:0"'

finish
