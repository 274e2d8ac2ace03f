// The site in the engines that the other tests do not drive, Firefox and WebKit: drawn, moved, run on the CPU and saved.
//
// Each of the pages goes through its steps in order, written once for both. An engine that is not installed is skipped, and
// the report says why.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { firefox } from "./engines/firefox.mjs";
import { handsOf } from "./engines/hands.mjs";
import { WATCH } from "./engines/in_page.mjs";
import { PAGES } from "./engines/pages.mjs";
import { runsUnderPolicy, saysWhatIsForbidden } from "./engines/policy.mjs";
import { webkit } from "./engines/webkit.mjs";
import { LAPTOP } from "./support/page.mjs";
import { startServer } from "./support/server.mjs";

for (const engine of [firefox, webkit]) {
  describe(engine.name, () => {
    if (engine.missing) return it("draws, moves, runs and saves", { skip: engine.missing });
    let [browser, server, hands] = [];
    before(async () => {
      server = await startServer({ head: WATCH });
      browser = await engine.start(LAPTOP);
      hands = handsOf(browser);
    });
    after(async () => {
      await browser?.close();
      server?.close();
    });

    for (const { name, path, steps, body } of PAGES) {
      describe(name, () => {
        before(() => {
          server.requests.length = 0;
          if (body) server.add(path, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>An article</title>${WATCH}<body>${body}`);
          return hands.open(server.origin + path);
        });
        for (const [step, act] of Object.entries(steps)) it(step, () => withPicture(hands, `${engine.name} ${step}`, () => act(hands, server)));
        it("has thrown nothing", async () => assert.deepEqual(await hands.scriptErrors(), []));
      });
    }

    describe("a figure of another host than its page", () => {
      it("runs under a policy", () => runsUnderPolicy(browser, server));
      it("says which line its policy lacks", () => saysWhatIsForbidden(browser, server));
    });
  });
}

/** Does something; if it fails, the error says where a picture of the screen is. */
async function withPicture(hands, name, act) {
  try {
    await act();
  } catch (error) {
    const picture = await hands.picture(name).catch((reason) => `none, ${reason.message}`);
    error.message += `\nThe screen then: ${picture}`;
    throw error;
  }
}
