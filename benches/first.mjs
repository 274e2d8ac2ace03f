// How long a reader waits in Chromium: from the address to the first circuit, and from there to the end of the first run; with nothing
// kept, and with what the service worker has kept from a visit before.
//
//     cargo xtask build
//     CIRCUITSCOPE_NODE_MODULES=<folder of playwright-core> node benches/first.mjs
//
// The server is on the same machine and tells browsers to keep nothing: what a network adds is not here. Each is the middle of five, with
// the least and the largest.

import { openBrowser } from "../tests/web/support/browser.mjs";
import { BLANK, SITE } from "../tests/web/support/server.mjs";
import { DEMO } from "../tests/web/support/page.mjs";

const TIMES = 5;
const { server, browser, close } = await openBrowser(BLANK);
const found = { cold: [], warm: [] };
for (let i = 0; i < TIMES; i++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  for (const kind of ["cold", "warm"]) {
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const start = performance.now();
    await page.goto(server.origin + SITE + DEMO);
    await page.waitForSelector(".cs-drawing .nd");
    const drawn = performance.now();
    const run = page.locator(".stat").getByRole("button", { name: "Run", exact: true });
    await run.click();
    await page.waitForFunction(() => /Done/.test(document.querySelector(".status").textContent));
    found[kind].push([drawn - start, performance.now() - drawn]);
    // All files are kept before the next visit.
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready) && (await caches.keys()).length > 0);
    await page.waitForTimeout(3000);
    await page.close();
  }
  await context.close();
}
await close();
for (const [kind, times] of Object.entries(found)) {
  ["to the first circuit", "from there to the end of the first run"].forEach((what, i) => {
    const sorted = times.map((time) => time[i]).sort((a, b) => a - b);
    const [least, middle, most] = [0, Math.floor(TIMES / 2), TIMES - 1].map((at) => sorted[at].toFixed(0));
    console.log(`${kind}: ${what.padEnd(40)} ${middle} ms (${least} to ${most})`);
  });
}
