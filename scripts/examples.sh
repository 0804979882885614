#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# What the programs that read the files in examples/ say about them: the systemd
# units and the alert rules. Go tests check the rest.
# Needs systemd-analyze and promtool: apt-get install systemd prometheus
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in systemd-analyze promtool; do
	command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install systemd prometheus" >&2; exit 2; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# It exits with 0 on an unknown key, and says so on stderr only.
verify() { systemd-analyze verify "$1" 2>&1; }
for file in examples/ocsp/stapled-ocsp.service examples/gateway/stapled-gateway.service; do
	unit=$dir/$(basename "$file")
	sed "s|/usr/local/bin/stapled|$(command -v true)|" "$file" >"$unit"
	said=$(verify "$unit") || true
	[ -z "$said" ] || { printf 'systemd-analyze verify:\n%s\n' "$said" >&2; exit 1; }
	sed 's/^NoNewPrivileges=/NoNewPrivilege=/' "$unit" >"$dir/mistyped.service"
	said=$(verify "$dir/mistyped.service") || true
	[ -n "$said" ] || { echo 'systemd-analyze verify does not see an unknown key: this check proves nothing' >&2; exit 1; }
	echo "ok systemd-analyze verify $(basename "$file")"
done

for rules in stapled-ocsp stapled-gateway; do
	promtool check rules "examples/monitoring/$rules.rules.yml" >"$dir/promtool" 2>&1 || { cat "$dir/promtool" >&2; exit 1; }
	echo "ok promtool check rules $rules.rules.yml:$(grep -o ' [0-9]* rules found' "$dir/promtool")"
done
promtool test rules examples/monitoring/stapled-gateway.test.yml >"$dir/promtool" 2>&1 || { cat "$dir/promtool" >&2; exit 1; }
echo 'ok promtool test rules stapled-gateway.test.yml'
echo '5 passed, 0 failed'
