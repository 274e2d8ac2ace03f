// The screen: its parts, the keys that lead through them, and what it does where there is little room.

import assert from "node:assert/strict";
import { it } from "node:test";

import { LAPTOP, PHONE } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("the screen", ({ page, ui }) => {
  it("is used with the keyboard alone", async () => {
    await page.keyboard.press("Tab");
    const reached = [];
    for (let i = 0; i < 80; i++) {
      const name = await page.evaluate(() => {
        const { activeElement: at } = document;
        const { outlineStyle } = getComputedStyle(at.querySelector(".count") ?? at.closest(".button") ?? at);
        const name = at.dataset.section ?? (at.ariaLabel || at.innerText || at.labels?.[0]?.innerText || at.id).split("\n")[0];
        return at === document.body ? null : [name.trim(), outlineStyle];
      });
      if (!name) break;
      reached.push(name);
      await page.keyboard.press("Tab");
    }
    const names = reached.map(([name]) => name);
    const wanted = [
      "Engine not loaded", "Share", "Light or dark theme", "Help and keys", "Example", "model", "prompts", "scores", "settings",
      "Find a circuit", "find", "Run", "Zoom in", "Turn the drawing", "View: how the circuit is drawn", "Circuit of 2 edges between 3 nodes",
      "Edges kept in the circuit", "Measure", "Edges", "Next prompt",
    ];
    for (const name of wanted) assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
    assert.ok(reached.every(([, outline]) => outline !== "none"), JSON.stringify(reached));
    assert.equal(names.filter((name) => /^Circuit of/.test(name)).length, 1, "the drawing is one stop");
    await ui.table("circuits");
    await page.locator("tr.circuit-row.chosen input").focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.locator("tr.circuit-row.chosen th").innerText(), "77");
    await ui.drawn(77);
  });

  it("folds the rail and the inspector away, by buttons and by keys, and leaves the drawing their room", async () => {
    const width = async () => (await page.locator(".room").boundingBox()).width;
    const whole = await width();
    assert.ok(whole >= 0.6 * LAPTOP.width - 1, `the drawing has ${whole} of ${LAPTOP.width} pixels`);
    await page.getByRole("button", { name: "« Fold away" }).click();
    assert.ok((await width()) > whole + 150);
    await page.keyboard.press("]");
    assert.ok(!(await ui.inspector().isVisible()));
    assert.ok((await width()) > whole + 400);
    await page.keyboard.press("[");
    await page.keyboard.press("]");
    assert.equal(await width(), whole);
  });

  it("lists its keys and words, and shuts the list by Escape", async () => {
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Help" });
    assert.match(await help.innerText(), /Edge patch\s+runs the corrupt prompt and gives the circuit's edges their clean activations/);
    assert.match(await help.innerText(), /Page ↑ ↓/);
    await page.keyboard.press("Escape");
    assert.equal(await help.count(), 0);
  });

  it("opens the tables by number, and walks their tabs by arrows", async () => {
    for (const [key, name] of [["1", "edges"], ["2", "circuits"], ["3", "settings"], ["4", "compare"]]) {
      await page.keyboard.press(key);
      await page.waitForSelector(`#drawer-${name}`);
    }
    await page.keyboard.press("4");
    assert.equal(await page.locator(".drawer .pane").count(), 0);
    await page.locator("#tab-edges").focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector("#drawer-circuits");
    await page.keyboard.press("End");
    await page.waitForSelector("#drawer-compare");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tab-compare");
  });

  it("keeps the theme that a person chose", async () => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole("button", { name: "Light or dark theme" }).click();
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    await ui.isDrawn();
    assert.equal(await ground(), dark);
  });

  it("has its main controls on the first screen", async () => {
    const controls = [ui.runButton(), ui.button("Find a circuit"), page.getByRole("button", { name: "Share" }), ui.knob(), ui.drawing(), page.locator(".cs-next"), page.locator("#tab-compare")];
    for (const control of controls) {
      const { y, height } = await control.boundingBox();
      assert.ok(y >= 0 && y + height <= LAPTOP.height, `${control}`);
    }
  });

  for (const size of [LAPTOP, { width: 800, height: 800 }, PHONE]) {
    it(`takes no more room than a window of ${size.width} x ${size.height} pixels has`, async () => {
      await ui.open({ size });
      // More of a device's name than fits.
      await page.evaluate(() => { document.querySelector(".device strong").textContent = "No adapter { kind: DefaultDevice }, ".repeat(11); });
      const { scrollWidth, scrollHeight, pageHeight } = await page.evaluate(() => ({
        scrollWidth: document.documentElement.scrollWidth,
        scrollHeight: document.documentElement.scrollHeight,
        pageHeight: Math.ceil(document.querySelector(".page").getBoundingClientRect().height),
      }));
      assert.ok(scrollWidth <= size.width, `${scrollWidth} pixels wide`);
      // On a phone all parts are below each other, and the document ends where they do.
      const most = size === PHONE ? pageHeight : size.height;
      assert.ok(scrollHeight <= most, `${scrollHeight} pixels high, not ${most}`);
      const { height } = await page.locator(".top").boundingBox();
      assert.equal(height, 44);
    });
  }

  it("begins with the picture on a phone, whose rail is a sheet", async () => {
    await ui.open({ size: PHONE });
    const { y } = await ui.drawing().boundingBox();
    assert.ok(y < 400, `the picture starts at ${y}`);
    assert.ok(!(await page.locator("[data-section=model]").isVisible()));
    await page.locator(".grab").click();
    await ui.section("model");
    assert.ok(await page.getByText("Choose files…").isVisible());
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width);
  });
});
