#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that `stapled ocsp serve` stands beside CAs that people run: a stock step-ca
# on PostgreSQL with ACME and remote management, a stock step-ca on badger by way of
# its CRL, and `openssl ca` by way of index.txt. Clients that people have ask it:
# OpenSSL, GnuTLS, Java, step, and nginx, which staples for `openssl s_client`. All
# say good, and revoked after `step ca revoke`. Tokens follow.
#
#   scripts/interop-ocsp.sh
#
# Needs bash, go, openssl, jq, PostgreSQL, ocsptool (gnutls-bin), nginx and a JDK.
# Variables:
#   STAPLED                the stapled command to test (default: built here)
#   STAPLED_INTEROP_CACHE  as for scripts/interop-step.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh
build_stapled
leaf='' key='' url='' # what the clients ask about
build_stock step-ca step
# shellcheck disable=SC2154 # from build_stock
step=$stock/step stepca=$stock/step-ca
javac -d "$work/java" scripts/PKIXStatus.java
printf 'interop\n' >"$work/password"

# 1. The clients: each asks the responder at $url about $leaf, which $issuer has
# issued below $root, and must say the status.
says_openssl() { # says_openssl STATUS
  local out
  out=$(openssl ocsp -sha256 -issuer "$issuer" -cert "$leaf" -url "$url" -CAfile "$root" -no_nonce 2>&1) || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  grep -q '^Response verify OK' <<<"$out" && grep -q ": $1\$" <<<"$out"
}
says_gnutls() {
  local out
  out=$(ocsptool --ask="$url" --load-issuer="$issuer" --load-cert="$leaf" --load-trust="$issuer" 2>&1 </dev/null) || true
  printf '%s\n' "$out"
  grep -q "Certificate Status: $1\$" <<<"$out" && grep -q 'Verifying OCSP Response: Success' <<<"$out"
}
says_java() {
  local out
  out=$(java -cp "$work/java" PKIXStatus "$issuer" "$leaf" "$url" 2>&1) || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  [ "$out" = "$1" ]
}
says_step() {
  local out status=0
  out=$("$step" certificate verify "$leaf" --roots "$root" --verify-ocsp --ocsp-endpoint "$url" --issuing-ca "$issuer" 2>&1) || status=$?
  printf '%s\n' "$out"
  case $1 in
    good) [ "$status" = 0 ] ;;
    revoked) [ "$status" != 0 ] && grep -q 'has been revoked' <<<"$out" ;;
  esac
}
says_query() {
  local out
  out=$("$stapled" ocsp query --cert "$leaf" --issuer "$issuer" --url "$url" --json) || true
  printf '%s\n' "$out"
  [ "$(jq -r .status <<<"$out")" = "$1" ]
}
# A new nginx has no staple before its first handshake. It never staples an answer
# that says revoked, but logs it.
says_nginx() {
  local out port
  port=$(free_port)
  mkdir -p "$work/nginx"
  cat "$leaf" "$issuer" >"$work/nginx/chain.pem"
  cat "$issuer" "$root" >"$work/nginx/trusted.pem"
  cat >"$work/nginx/nginx.conf" <<EOF
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:$port ssl;
    ssl_certificate chain.pem;
    ssl_certificate_key $key;
    ssl_trusted_certificate trusted.pem;
    ssl_stapling on;
    ssl_stapling_verify on;
    ssl_stapling_responder $url;
  }
}
EOF
  start nginx nginx -p "$work/nginx" -c nginx.conf -e error.log
  within 10 nginx_says "$1" "$port" || { cat "$work/nginx/error.log"; stop nginx; return 1; }
  stop nginx
  rm "$work/nginx/error.log"
}
nginx_says() { # nginx_says STATUS PORT
  local out
  out=$(openssl s_client -connect "127.0.0.1:$2" -status -CAfile "$root" </dev/null 2>&1) || true
  case $1 in
    good) grep -q 'Cert Status: good$' <<<"$out" ;;
    revoked) grep -q 'OCSP response: no response sent' <<<"$out" && grep -q 'certificate status "revoked" in the OCSP response' "$work/nginx/error.log" ;;
  esac
}
everybody() { # everybody NAME STATUS
  local client
  for client in openssl gnutls java step nginx query; do
    check "$1: $client says $2" "says_$client" "$2"
  done
}

# 2. Tokens, by the responder that the certificate names.
above=() # where the issuer is, if it is not in the file of the leaf
signs() { # signs FILE
  "$stapled" token --cert "$leaf" --key "$key" "${above[@]}" --audience interop >"$1"
}
accepted() { "$stapled" verify --anchor "$root" --audience interop "$@" "$(cat "$work/token")"; }

# lives NAME SOURCE REVOKE...: a responder with this source, all clients, a token,
# the revocation by this command, and what follows.
lives() {
  local name=$1 source=$2
  shift 2
  cat >"$work/$name.yaml" <<EOF
address: ${url#http://}
state_dir: $work/$name-state
validity: 2s
authorities:
  - certificate: $issuer
    sources:
      - $source
    signer:
      certificate: $dir/delegate.crt
      key: $dir/delegate.key
EOF
  start responder "$stapled" ocsp serve --config "$work/$name.yaml"
  check "$name: stapled ocsp serve answers beside it" within 30 says_query good
  everybody "$name" good
  check "$name: a token" signs "$work/token"
  check "$name: it is accepted" accepted
  check "$name: the certificate is revoked" "$@"
  check "$name: the responder says revoked within five seconds" within 5 says_query revoked
  everybody "$name" revoked
  refuses "$name: nobody signs a token with it" 'revoked' signs "$work/late"
  sleep 3 # longer than the staple was valid
  refuses "$name: the token from before is refused" staple_stale accepted --json
  check "$name: SIGTERM ends the responder with status 0" stop responder
}

# 3. A stock step-ca on PostgreSQL, with ACME and remote management.
start_postgresql
init() { # init NAME: a directory of step ca init, and an address for its responder
  dir=$work/$1
  export STEPPATH=$dir
  ca_address=127.0.0.1:$(free_port) acme_port=$(free_port)
  url=http://127.0.0.1:$(free_port)
  "$step" ca init --acme --deployment-type standalone --name Interop --dns 127.0.0.1 --address "$ca_address" \
    --provisioner admin --password-file "$work/password" >"$work/init.err" 2>&1 || die "step ca init fails"
  root=$dir/certs/root_ca.crt issuer=$dir/certs/intermediate_ca.crt
  cat >"$dir/templates/leaf.tpl" <<EOF
{
  "subject": {{ toJson .Subject }},
  "sans": {{ toJson .SANs }},
  "keyUsage": ["digitalSignature"],
  "extKeyUsage": ["serverAuth", "clientAuth"],
  "ocspServer": ["$url"]
}
EOF
}
edit() { # edit FILTER ARGUMENT...: changes ca.json
  jq "$@" "$dir/config/ca.json" >"$work/ca.json" && cp "$work/ca.json" "$dir/config/ca.json"
}
ca() { "$step" ca "$@" --ca-url "https://$ca_address" --root "$root"; }
start_stepca() {
  start step-ca "$stepca" --insecure --acme-http-port "$acme_port" "$dir/config/ca.json" --password-file "$work/password"
  within 30 ca health || die 'step-ca does not start'
}
administer() { ca provisioner "$@" --admin-subject=step --admin-provisioner=admin --admin-password-file "$work/password"; }
by_acme() { ca certificate localhost "$leaf" "$key" --provisioner acme --http-listen "127.0.0.1:$acme_port" --force; }
by_jwk() { # by_jwk NAME
  ca certificate "$1" "$leaf" "$key" --provisioner admin --provisioner-password-file "$work/password" --force
}
revoke() {
  local serial token
  serial=$("$step" certificate inspect --format json "$leaf" | jq -r .serial_number)
  token=$(ca token "$serial" --revoke --provisioner admin --provisioner-password-file "$work/password") &&
    ca revoke "$serial" --token "$token" --reasonCode keyCompromise
}

# delegate obtains the certificate of a responder from a provisioner of its own.
delegate() {
  "$stapled" ocsp delegate --ca-url "https://$ca_address" --root "$root" --provisioner ocsp --password-file "$work/password" \
    --cert "$dir/delegate.crt" --key "$dir/delegate.key"
}

init postgresql
# shellcheck disable=SC2016 # a variable of jq
edit '.authority.enableAdmin = true | .db = {type: "postgresql", dataSource: $url, database: "stepca"}' --arg url "$pg_url"
start_stepca
"$stapled" ocsp delegate --print-template >"$dir/templates/delegate.tpl"
check 'PostgreSQL: the ACME provisioner gets our template' administer update acme --x509-template "$dir/templates/leaf.tpl"
check 'PostgreSQL: so does the JWK provisioner' administer update admin --x509-template "$dir/templates/leaf.tpl"
check 'PostgreSQL: a provisioner for the responder' administer add ocsp --type JWK --create --password-file "$work/password" --x509-template "$dir/templates/delegate.tpl"
check 'PostgreSQL: stapled ocsp delegate obtains a delegate' delegate
leaf=$dir/acme.crt key=$dir/acme.key
check 'PostgreSQL: step gets a certificate by ACME' by_acme
printf '%s' "${pg_url}stepca" >"$work/dsn"
chmod 600 "$work/dsn"
lives PostgreSQL "stepdb: {dsn_file: $work/dsn}" revoke

# Every living certificate of a name, whatever provisioner issued it; the database
# tells the command which they are. Then the same with a certificate in place of a
# password.
by_name() { # by_name NAME COUNT FLAG...: revokes COUNT certificates, all that are alive
  local name=$1 count=$2 out
  shift 2
  out=$("$stapled" revoke --ca-url "https://$ca_address" --root "$root" --db-file "$work/dsn" --name "$name" --yes \
    --reason keyCompromise --json "$@") || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  [ "$(jq -s length <<<"$out")" = "$count" ] && none_alive "$name"
}
none_alive() {
  local out
  out=$("$stapled" certs --db-file "$work/dsn" --name "$1" --alive --json) && [ -z "$out" ]
}
all_say() { # all_say STATUS FILE...
  local status=$1
  shift
  for leaf; do says_query "$status" || return 1; done
}
three() { # a certificate by ACME, one by JWK, and one of another name
  leaf=$dir/one.crt key=$dir/one.key by_acme && leaf=$dir/two.crt key=$dir/two.key by_jwk localhost &&
    leaf=$dir/operator.crt key=$dir/operator.key by_jwk operator
}
check 'PostgreSQL: three certificates, two of them of one name' three
check 'PostgreSQL: a provisioner for certificates of the CA' administer add operators --type X5C --x5c-roots "$root"
start responder "$stapled" ocsp serve --config "$work/PostgreSQL.yaml"
check 'PostgreSQL: the responder says good of all three' within 10 all_say good "$dir/one.crt" "$dir/two.crt" "$dir/operator.crt"
check 'PostgreSQL: stapled revoke --name revokes both, with a password' by_name localhost 2 --provisioner admin --password-file "$work/password"
check 'PostgreSQL: the responder says revoked of both' within 5 all_say revoked "$dir/one.crt" "$dir/two.crt"
check 'PostgreSQL: and good of the other name' all_say good "$dir/operator.crt"
check 'PostgreSQL: stapled revoke --name with a certificate' by_name operator 1 --provisioner operators --x5c-cert "$dir/operator.crt" --x5c-key "$dir/operator.key"
check 'PostgreSQL: the responder says revoked of it' within 5 all_say revoked "$dir/operator.crt"
stop responder || true
stop step-ca || true

# 4. A stock step-ca on badger, which nobody else can open: its CRL is the source.
init badger
# shellcheck disable=SC2016 # a variable of jq
edit '.crl = {enabled: true, generateOnRevoke: true, cacheDuration: "1h", idpURL: $url}
  | (.authority.provisioners[] | select(.name == "admin" or .name == "acme")).options = {x509: {templateFile: "templates/leaf.tpl"}}' \
  --arg url "https://$ca_address/1.0/crl"
"$stapled" ocsp delegate --print-template >"$dir/templates/delegate.tpl"
check 'CRL: a provisioner for the responder' "$step" ca provisioner add ocsp --type JWK --create --password-file "$work/password" \
  --x509-template "$dir/templates/delegate.tpl" --ca-config "$dir/config/ca.json"
start_stepca
check 'CRL: stapled ocsp delegate obtains a delegate' delegate
leaf=$dir/leaf.crt key=$dir/leaf.key
check 'CRL: step gets a certificate' by_acme
lives CRL "crl: {url: \"https://$ca_address/1.0/crl\", root: $root, poll: 1s}" revoke
stop step-ca || true

# 5. A CA that is a directory and a script, with openssl ca.
dir=$work/openssl
mkdir "$dir"
touch "$dir/index.txt"
echo 1000 >"$dir/serial"
url=http://127.0.0.1:$(free_port) root=$dir/root.crt issuer=$dir/root.crt
cat >"$dir/ca.cnf" <<EOF
[ca]
default_ca = here
[here]
dir = $dir
database = \$dir/index.txt
serial = \$dir/serial
new_certs_dir = \$dir
certificate = \$dir/root.crt
private_key = \$dir/root.key
default_md = sha256
default_days = 1
policy = any
[any]
commonName = supplied
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = DNS:localhost
authorityInfoAccess = OCSP;URI:$url
[delegate]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
EOF
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null && chmod 600 "$1"; }
openssl_issues() { # openssl_issues NAME EXTENSIONS
  new_key "$dir/$1.key" && openssl req -new -key "$dir/$1.key" -subj "/CN=$1" -out "$dir/$1.csr" &&
    openssl ca -batch -config "$dir/ca.cnf" -extensions "$2" -in "$dir/$1.csr" -out "$dir/$1.crt" -notext
}
openssl_revokes() { openssl ca -config "$dir/ca.cnf" -revoke "$leaf" -crl_reason keyCompromise; }
new_key "$dir/root.key"
openssl req -x509 -new -key "$dir/root.key" -subj "/CN=Directory CA" -days 2 -out "$root"
leaf=$dir/leaf.crt key=$dir/leaf.key
above=(--issuer-cert "$issuer")
check 'index.txt: openssl ca issues a delegate' openssl_issues delegate delegate
check 'index.txt: openssl ca issues a certificate' openssl_issues leaf leaf
lives index.txt "index: {file: $dir/index.txt}" openssl_revokes

finish
