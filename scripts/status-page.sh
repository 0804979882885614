#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# The status page in a browser: light and dark, wide and as on a phone. No finding
# of axe, nothing wider than the window, no error on the console, and no request
# beyond the page.
# Needs Chromium, Node and npm: apt-get install chromium nodejs npm
#
#   scripts/status-page.sh [DIRECTORY]    DIRECTORY gets the screenshots
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in chromium node npm; do
	command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install chromium nodejs npm" >&2; exit 2; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp internal/statuspage/testdata/browser/* "$dir"
npm --prefix "$dir" ci --silent --no-audit --no-fund --ignore-scripts

shots=${1:-$dir}
mkdir -p "$shots"
STATUS_PAGE_DIR=$dir STATUS_PAGE_CHROMIUM=$(command -v chromium) STATUS_PAGE_SHOTS=$(cd "$shots" && pwd) \
	go test -count=1 -v -tags browser -run '^TestBrowser$' ./internal/statuspage >"$dir/log" 2>&1 || true
grep -vE '^(ok|FAIL)[[:space:]]+github|^(PASS|FAIL|=== .*|--- .*)$' "$dir/log" || true
passed=$(grep -c '^ok [a-z]' "$dir/log" || true)
failed=$(grep -c '^not ok ' "$dir/log" || true)
if [ "$passed" -lt 20 ] && [ "$failed" -eq 0 ]; then
	echo 'not ok the browser did not open every page' >&2
	failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
