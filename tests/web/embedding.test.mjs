// The element in a page of another host than its files, and under policies (CSP): what it needs, and what it says without.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { figureIn, watched } from "./support/embedded.mjs";
import { SITE } from "./support/server.mjs";

const SRC = `${SITE}demo/ioi/figure.json`;
const POSTER = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";
const PAGE = "/embedding/page.html";

describe("the element", () => {
  let browser, server, cdn, host;
  before(async () => {
    browser = await openBrowser();
    ({ server } = browser);
    // Two origins of one server.
    cdn = server.origin;
    host = cdn.replace("127.0.0.1", "localhost");
  });
  after(() => browser?.close());

  /** A page of `host` under a policy, with a figure whose script is at `script`. Its errors are kept in `errors`. */
  const open = async ({ policy, script, src = SRC, attributes = "" }) => {
    const headers = policy ? { "content-security-policy": policy.join("; ") } : {};
    const poster = `<img slot="poster" src="${POSTER}" alt="">`;
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">
      <script type="module" src="${script}"></script>
      <circuit-scope src="${src}" engine="cpu" ${attributes}>${poster}</circuit-scope>`;
    server.add(PAGE, html, headers);
    const page = await browser.browser.newPage();
    const wrong = watched(page);
    const [asked, errors, forbidden] = [[], [], []];
    page.on("request", (request) => asked.push(request.url()));
    await page.exposeFunction("told", (message) => errors.push(message));
    await page.exposeFunction("violated", (directive) => forbidden.push(directive));
    await page.addInitScript(() => {
      addEventListener("cs-error", ({ detail }) => told(detail.message));
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => violated(effectiveDirective));
    });
    await page.goto(host + PAGE);
    return { page, figure: figureIn(page), wrong, asked, errors, forbidden };
  };
  /** Asserts that a figure is drawn, moved and run, and that nothing goes wrong meanwhile. */
  const isWhole = async ({ page, figure, wrong, errors }) => {
    await figure.isDrawn();
    await figure.isMoved();
    await figure.isVerified();
    assert.deepEqual({ wrong, errors }, { wrong: [], errors: [] });
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    await page.close();
  };
  const own = `${SITE}element.js`;
  const far = () => `${cdn}${SITE}element.js`;

  /** What a page of `host` allows, beside its poster, where the files are its own. */
  const OWN = ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "img-src data:", "style-src-attr 'unsafe-inline'"];
  /** What it allows where they are at `cdn`. */
  const farPolicy = () => [
    "default-src 'none'", `script-src ${cdn} 'wasm-unsafe-eval'`, `worker-src blob: ${cdn}`, `connect-src 'self' ${cdn}`, "img-src data:", "style-src-attr 'unsafe-inline'",
  ];
  /** A policy with another directive in the place of the one of its name. */
  const but = (policy, directive) => policy.map((line) => (line.split(" ")[0] === directive.split(" ")[0] ? directive : line));

  it("comes from another host than the page: script, viewer and engine", async () => {
    const opened = await open({ script: far() });
    await isWhole(opened);
    const programs = opened.asked.filter((url) => /\.(js|wasm)\b/.test(url));
    assert.ok(programs.length >= 8, `${programs.length} files`);
    for (const url of programs) assert.ok(url.startsWith(cdn), url);
  });

  it("shows and runs a figure that is at another host, with its files", async () => {
    await isWhole(await open({ script: far(), src: cdn + SRC }));
  });

  it("needs this policy of a page that has its files", async () => {
    await isWhole(await open({ script: own, policy: OWN }));
  });

  it("needs this policy of a page whose files are at another host", async () => {
    await isWhole(await open({ script: far(), policy: farPolicy() }));
  });

  for (const [name, script, policy] of [["", () => own, () => OWN], [" of another host", far, farPolicy]]) {
    it(`needs each line of the policy for files${name}`, async () => {
      for (const line of policy().filter((line) => !/^(default|img)-src/.test(line))) {
        const { page, figure, forbidden } = await open({ script: script(), policy: policy().filter((other) => other !== line) });
        const run = figure.element.getByRole("button", { name: "Run live" });
        if (line.startsWith("worker-src")) await run.click();
        const [directive] = line.split(" ");
        await until(() => forbidden.some((violated) => violated.startsWith(directive)), line);
        await page.close();
      }
    });
  }

  it("stays drawn where the policy allows no worker of another host, and says why it does not run", async () => {
    const { page, figure, errors } = await open({ script: far(), policy: but(farPolicy(), "worker-src 'self'") });
    await figure.isDrawn();
    await figure.element.getByRole("button", { name: "Run live" }).click();
    await figure.element.getByText("the policy should have `worker-src blob: http").waitFor();
    await figure.isMoved();
    assert.equal(errors.length, 1);
    assert.match(errors[0], /page's policy \(CSP\) does not allow it.*127\.0\.0\.1/);
    await page.close();
  });

  it("runs there once the page names a worker of its own", async () => {
    const policy = but(but(farPolicy(), "worker-src 'self'"), `script-src 'self' ${cdn} 'wasm-unsafe-eval'`);
    await isWhole(await open({ script: far(), policy, attributes: `worker-src="${SITE}engine-worker.js"` }));
  });

  it("keeps its poster where the policy allows no WebAssembly, and says so", async () => {
    const { page, figure, errors } = await open({ script: own, policy: but(OWN, "script-src 'self'") });
    await figure.element.getByRole("alert").waitFor();
    assert.match(await figure.element.getByRole("alert").innerText(), /WebAssembly.*Content Security Policy/i);
    assert.equal(await figure.element.locator("img").isVisible(), true);
    assert.equal(errors.length, 1);
    await page.close();
  });

  it("says which file of another host is missing", async () => {
    const worker = `${cdn}/embedding/no-worker.js`;
    const { page, figure, errors } = await open({ script: far(), attributes: `worker-src="${worker}"` });
    await figure.isDrawn();
    await figure.element.getByRole("button", { name: "Run live" }).click();
    await figure.element.getByText(worker).waitFor();
    assert.equal(errors.length, 1);
    await page.close();
  });
});

/** Waits until something holds. */
async function until(holds, what) {
  for (const start = Date.now(); !holds(); await new Promise((resolve) => setTimeout(resolve, 50))) {
    assert.ok(Date.now() - start < 15_000, `waited in vain: ${what}`);
  }
}
