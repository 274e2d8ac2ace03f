// Suites: tests that share a browser, with what each of them is to begin and to end with.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe } from "node:test";

import { NO_WORKER, openBrowser } from "./browser.mjs";
import { LAPTOP, drive } from "./page.mjs";

/** A person who waits longer for anything in the page gives up, in milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * Tests of the page: `pageSuite(name, body)`, or with `{ anew: false }` between them. Each test begins with the page as on a
 * first visit, unless `anew` is false, and fails if a script of the page threw meanwhile.
 *
 * The body is given the `page`, the `ui` that a person has of it, its `server`, and `visitor(options)`: another person's
 * `page` and `ui`, in a `context` of their own that keeps nothing yet. That page is blank at first, and closed after the test.
 */
export async function pageSuite(name, options, body = options) {
  const { anew = true } = options;
  const { page, server, browser, close } = await openBrowser();
  const [errors, visits] = [[], []];
  const watch = (page) => {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => errors.push(error.message));
  };
  watch(page);
  const ui = drive({ page, server });
  const visitor = async (options = { viewport: LAPTOP }) => {
    const context = await browser.newContext({ ...NO_WORKER, ...options });
    visits.push(context);
    context.on("page", watch);
    const page = await context.newPage();
    return { context, page, ui: drive({ page, server }) };
  };
  describe(name, () => {
    after(close);
    beforeEach(async () => {
      errors.length = 0;
      if (anew) await ui.open();
    });
    afterEach(async () => {
      await Promise.all(visits.splice(0).map((context) => context.close()));
      assert.deepEqual(errors, []);
    });
    body({ page, ui, server, visitor });
  });
}
