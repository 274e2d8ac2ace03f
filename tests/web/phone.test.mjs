// The page under fingers, on a phone: what is selected and where its details are, what starts a search, and how large things are.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";

import { PHONE, drive, openSite } from "./support/page.mjs";
import { SITE } from "./support/server.mjs";

/** What a finger needs, in CSS pixels (WCAG 2.5.5). */
const FINGER = 44;

describe("on a phone", () => {
  let site, context, page, ui;
  const errors = [];
  before(async () => {
    site = await openSite();
    context = await site.browser.newContext({ viewport: PHONE, hasTouch: true, isMobile: true });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => errors.push(error.message));
    ui = drive({ page, server: site.server });
    await page.goto(site.server.origin + SITE);
  });
  after(() => site?.close());
  afterEach(() => assert.deepEqual(errors.splice(0), []));

  const line = () => page.getByRole("group", { name: "Selected" });
  const tap = async (edge) => {
    const { x, y } = await ui.pointOnOneOf([edge]);
    await page.touchscreen.tap(x, y);
    await line().waitFor();
  };

  it("names what a finger selected above the strip, and leads to its details", async () => {
    await ui.open({ size: PHONE });
    assert.equal(await line().count(), 0);
    const drawing = await ui.drawing().boundingBox();
    await tap("A3.0->Resid End");
    assert.match(await line().innerText(), /^A3\.0 → Unembed/);
    assert.deepEqual(await ui.drawing().boundingBox(), drawing, "the drawing stays where it is");
    await line().getByRole("button", { name: "Details" }).tap();
    await page.waitForFunction(() => {
      const inspector = document.querySelector(".inspector");
      const { top } = inspector.getBoundingClientRect();
      return document.activeElement === inspector && top >= 0 && top < 200;
    });
    await line().getByRole("button", { name: "Clear the selection" }).tap();
    await line().waitFor({ state: "detached" });
  });

  it("finds a circuit from the peek of the setup, which says how it goes", async () => {
    await ui.open({ size: PHONE });
    assert.match(await page.locator(".grab").innerText(), /Tracr reverse · official circuit/);
    await page.getByRole("button", { name: "Find a circuit", exact: true }).tap();
    await ui.status(/Done: 4 circuits/);
    assert.match(await page.locator(".grab").innerText(), /EAP/);
  });

  it("has nothing to press that is too small for a finger", async () => {
    await ui.open({ size: PHONE });
    await tap("A3.0->Resid End");
    /** Those that are smaller; a checkbox is as large as its label, and links are part of a sentence. */
    const tooSmall = () => page.locator(":is(button, select, input, textarea, summary):visible").evaluateAll((controls, least) => {
      const tooSmall = (control) => {
        const { width, height } = (control.closest("label") ?? control).getBoundingClientRect();
        return width > 1 && !control.matches(".link, .switch") && Math.min(width, height) < least - 0.5;
      };
      return controls.filter(tooSmall).map((control) => control.outerHTML.slice(0, 120));
    }, FINGER);
    assert.deepEqual(await tooSmall(), []);
    await page.locator(".grab").tap();
    for (const name of ["model", "prompts", "scores", "settings", "find"]) {
      await ui.section(name);
      assert.deepEqual(await tooSmall(), [], name);
      await ui.shut();
    }
  });
});
