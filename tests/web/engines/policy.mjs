// A figure whose files are at another host than its page, under a policy (CSP) of that page. `embedding.test.mjs` has all that the
// policy is for, in Chromium.

import assert from "node:assert/strict";

import { SITE } from "../support/server.mjs";

const PAGE = "/policy/page.html";
/** How long a run may take on the slowest machine, in milliseconds. */
const PATIENCE_MS = 60_000;

/** With the policy that the README names, the figure runs and is as recorded. */
export async function runsUnderPolicy(browser, server) {
  assert.match(await outcome(browser, server, `worker-src blob: ${server.origin}`), /Run here, CPU\. Verified/);
}

/** With a policy that allows no worker of another host, the figure says so. */
export async function saysWhatIsForbidden(browser, server) {
  assert.match(await outcome(browser, server, "worker-src 'self'"), /policy \(CSP\) does not allow it.*`worker-src blob: http/);
}

/** What a figure says of its run. */
async function outcome(browser, server, workers) {
  const { origin } = server;
  const policy = [
    "default-src 'none'", `script-src 'self' ${origin} 'wasm-unsafe-eval'`, workers, `connect-src 'self' ${origin}`, "img-src data:", "style-src-attr 'unsafe-inline'",
  ];
  server.add("/policy/run.js", `addEventListener("cs-ready", ({ target }) => target.run().catch(() => {}).finally(() => { window.ran = true; }));`);
  server.add(PAGE, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">
    <script src="/policy/run.js"></script><script type="module" src="${origin}${SITE}element.js"></script>
    <circuit-scope src="${SITE}demo/ioi/figure.json" engine="cpu" loading="eager"></circuit-scope>`, { "content-security-policy": policy.join("; ") });
  await browser.open(origin.replace("127.0.0.1", "localhost") + PAGE);
  for (const start = Date.now(); !(await browser.evaluate("() => window.ran === true", [])); await new Promise((go) => setTimeout(go, 100))) {
    assert.ok(Date.now() - start < PATIENCE_MS, "the figure was not run");
  }
  // What a run gave is drawn a moment later.
  await new Promise((go) => setTimeout(go, 500));
  return browser.evaluate("() => document.querySelector('circuit-scope').shadowRoot.querySelector('[role=status]').textContent", []);
}
