// The page under fingers, on a phone: what is selected and where its details are, what starts a search, and how large things are.

import assert from "node:assert/strict";
import { beforeEach, it } from "node:test";

import { PHONE } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

/** What a finger needs, in CSS pixels (WCAG 2.5.5). */
const FINGER = 44;

await pageSuite("on a phone", { anew: false }, ({ visitor }) => {
  let page, ui;
  beforeEach(async () => {
    ({ page, ui } = await visitor({ viewport: PHONE, hasTouch: true, isMobile: true }));
    await ui.visit();
  });

  const line = () => page.getByRole("group", { name: "Selected" });
  const tap = async (edge) => {
    const { x, y } = await ui.pointOnOneOf([edge]);
    await page.touchscreen.tap(x, y);
    await line().waitFor();
  };

  it("names what a finger selected above the strip, and leads to its details", async () => {
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
    assert.match(await page.locator(".grab").innerText(), /Tracr reverse · official circuit/);
    await page.getByRole("button", { name: "Find a circuit", exact: true }).tap();
    await ui.status(/Done: 1 circuit/);
    assert.match(await page.locator(".grab").innerText(), /EAP/);
  });

  it("puts the setup away at Escape, where there is a keyboard", async () => {
    const grab = page.locator(".grab");
    await grab.tap();
    assert.equal(await grab.getAttribute("aria-expanded"), "true");
    await page.keyboard.press("Escape");
    await page.locator(".grab[aria-expanded=false]").waitFor();
  });

  it("has nothing to press that is too small for a finger", async () => {
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
