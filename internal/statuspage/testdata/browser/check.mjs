// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Opens each page in light and dark, wide and as on a phone, and fails for what
// axe finds, for a page that is wider than its window, for an error on the
// console, and for a request beyond the page. It runs no script of the page,
// because there is none.
//
//   node check.mjs CHROMIUM DIRECTORY NAME=URL...
//
// The screenshots go to DIRECTORY.
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const [executablePath, directory, ...pages] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update'],
});
let failed = 0;

async function check(name, url, colorScheme, width) {
  // The policy of the page forbids scripts; axe is one.
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const page = await context.newPage();
  const problems = [];
  const requests = [];
  page.on('request', (r) => { if (!r.url().startsWith('data:')) requests.push(r.url()); });
  await page.goto(url, { waitUntil: 'networkidle' });
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(() => axe.run());
  for (const v of violations) problems.push(`axe: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
  if (passes.length < 15) problems.push(`axe checked ${passes.length} rules only`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) problems.push(`the page is ${overflow} pixels wider than its window`);
  if (requests.length !== 1) problems.push(`requests: ${requests.join(', ')}`);
  await page.screenshot({ path: `${directory}/${name}-${colorScheme}-${width}.png`, fullPage: true });
  await context.close();
  return problems;
}

// With the policy in force, the style applies and the console stays empty.
async function obeys(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems = [];
  page.on('console', (m) => problems.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => problems.push(`error: ${e.message}`));
  await page.goto(url, { waitUntil: 'networkidle' });
  const display = await page.evaluate(() => getComputedStyle(document.querySelector('header')).display);
  if (display !== 'flex') problems.push('the style does not apply');
  await context.close();
  return problems;
}

function report(name, problems) {
  if (problems.length === 0) {
    console.log(`ok ${name}`);
    return;
  }
  failed++;
  console.log(`not ok ${name}`);
  for (const p of problems) console.log(`  ${p}`);
}

for (const given of pages) {
  const at = given.indexOf('=');
  const name = given.slice(0, at), url = given.slice(at + 1);
  report(`${name} console`, await obeys(url));
  for (const scheme of ['light', 'dark']) {
    for (const width of [1280, 375]) report(`${name} ${scheme} ${width}px`, await check(name, url, scheme, width));
  }
}
await browser.close();
process.exitCode = failed === 0 ? 0 : 1;
