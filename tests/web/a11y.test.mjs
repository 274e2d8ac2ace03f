// The page for everyone: axe finds nothing in any state, light or dark, and all of it is within reach where there is little room.

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";

import { AXE } from "./support/browser.mjs";
import { fakeEngine } from "./support/fake_engine.mjs";
import { LAPTOP, PHONE } from "./support/page.mjs";
import { randomModel } from "./support/random_model.mjs";
import { SITE } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("for everyone", { anew: false }, ({ page, ui, server, visitor }) => {
  const engine = fakeEngine(server);
  afterEach(() => engine.healthy());

  /** Each state, and how a person comes to it. */
  const STATES = [
    ["a first visit", () => {}],
    ...["model", "prompts", "scores", "settings", "find"].map((name) => [`the panel of ${name}`, () => ui.section(name)]),
    ...["edges", "circuits", "settings", "compare"].map((name) => [`the table of ${name}`, () => ui.table(name)]),
    ["an edge selected", () => ui.click("A3.0->Resid End")],
    ["a node selected", () => ui.box("A3.0").locator(".box").click({ force: true })],
    ["an edge changed", async () => {
      await ui.click("A3.0->Resid End");
      await page.getByRole("switch", { name: "In the circuit" }).click();
      await page.waitForSelector("table.effects");
    }],
    ["the list of keys", () => page.keyboard.press("?")],
    ["the dialog of pictures", async () => {
      await ui.menu("share", /^Picture…/);
      await page.getByRole("dialog", { name: "Save a picture" }).waitFor();
    }],
    ["the dialog of figures", async () => {
      await ui.menu("share", /^Figure…/);
      await page.getByRole("dialog", { name: "Save a figure" }).waitFor();
    }],
    ["a figure that cannot be opened", async () => {
      server.add(`${SITE}demo/induction/figure.json`, "{}");
      await ui.menu("examples", /^Induction/);
      await page.locator(".figure-notice").waitFor();
    }],
    ["two circuits compared", async () => {
      await ui.drawScores(randomModel());
      await ui.chooseCount(40);
      await ui.table("compare");
    }],
    ["a menu", () => page.locator(".menu.share > button").click()],
    ["the choices of the drawing", () => page.locator(".view-menu > button").click()],
    ["a matrix", async () => {
      await ui.drop(randomModel());
      await ui.allReady();
      await ui.chooseCount(120);
      await ui.button("Matrix").click();
    }],
    ["an overview", async () => {
      await ui.drop(randomModel());
      await ui.allReady();
      await ui.chooseCount(400);
      await page.waitForSelector('.cs-drawing [data-node="A2"]');
    }],
    ["running", async () => {
      await ui.drop(randomModel());
      await ui.allReady();
      await ui.set({ device: "CPU", "edge-counts": "logarithmic" });
      await ui.runButton().click();
      await page.waitForSelector(".stat progress[value]");
    }],
    ["stale", () => ui.set({ ablation: "zero" })],
    ["wrong files", async () => {
      await ui.section("model");
      await ui.drop([{ name: "cut.json", base64: btoa('{"prompts": [{"clean"') }, { name: "p.json", base64: btoa('{"prompts": [{"clean": [3, 9], "corrupt": [3, 1]}]}') }]);
      await page.waitForSelector("li.file.bad");
    }],
    ["an error", async () => {
      engine.does('opened() || reply({ type: "deviceLost", message: "unplugged" }, 0)');
      await ui.runButton().click();
      await page.waitForSelector(".notice");
    }],
    ["no circuit", async () => {
      await ui.dropCase("gpt2", ["config.json"]);
      await page.waitForSelector(".room .empty");
    }],
  ];

  /** What axe finds, a line each. */
  const violations = async () => {
    await page.addScriptTag({ path: AXE });
    return page.evaluate(async () => {
      const { violations } = await window.axe.run(document);
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.split("\n").slice(1, 3).join(" ")}`));
    });
  };

  for (const [name, comeTo] of STATES) {
    it(`axe finds nothing in ${name}`, async () => {
      for (const theme of ["light", "dark"]) {
        await engine.healthy();
        await ui.open({ theme });
        await comeTo();
        assert.deepEqual(await violations(), [], theme);
      }
    });
  }

  it("axe finds nothing on a phone", async () => {
    await ui.open({ size: PHONE });
    assert.deepEqual(await violations(), []);
    await page.locator(".grab").click();
    assert.deepEqual(await violations(), [], "with the sheet");
    await ui.section("settings");
    assert.deepEqual(await violations(), [], "with a panel");
    await ui.shut();
    await page.locator(".grab").click();
    await ui.click("A3.0->Resid End");
    assert.deepEqual(await violations(), [], "with an edge");
  });

  /** Every control that is seen can be pressed where it is, perhaps after scrolling. */
  const allAreWithinReach = async (page) => {
    const controls = page.locator(":is(button, select, input, textarea, summary, [role=slider], [role=tab], label.button):visible");
    assert.ok((await controls.count()) > 15);
    for (const control of await controls.all()) {
      const name = await control.evaluate((element) => element.outerHTML.slice(0, 160));
      if (await control.evaluate((element) => element.disabled || element.closest(".visually-hidden") !== null)) continue;
      await control.click({ trial: true, timeout: 3000 }).catch((error) => assert.fail(`${name} is out of reach: ${error.message.split("\n").slice(0, 12).join(" ")}`));
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is to be scrolled sideways");
  };

  for (const [what, context] of [
    ["at 200 % of a laptop's window", { viewport: { width: LAPTOP.width / 2, height: LAPTOP.height / 2 }, deviceScaleFactor: 2 }],
    ["on a phone", { viewport: PHONE, hasTouch: true }],
  ]) {
    it(`all is within reach ${what}`, async () => {
      const { page, ui } = await visitor(context);
      await ui.visit();
      await allAreWithinReach(page);
      await page.locator(".grab").click();
      for (const name of ["model", "prompts", "scores", "settings", "find"]) {
        const panel = await ui.section(name);
        for (const control of await panel.locator(":is(button, select, textarea, summary, label.button):visible").all()) {
          if (await control.isDisabled()) continue;
          await control.click({ trial: true, timeout: 3000 });
        }
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
        await ui.shut();
      }
    });
  }

  it("a colour is never the only sign: negative edges are hatched or dashed, and have a minus", async () => {
    await ui.open();
    await ui.drop(randomModel());
    await ui.allReady();
    await ui.chooseCount(40);
    await ui.drawn(40);
    const strokes = await ui.ribbons().evaluateAll((ribbons) => ribbons.map((ribbon) => {
      const path = ribbon.matches("path") ? ribbon : ribbon.querySelector(".e");
      return { edge: ribbon.dataset.edge, plain: !path.hasAttribute("stroke-dasharray") && !/url/.test(path.getAttribute("stroke")) };
    }));
    await ui.table("edges");
    const scores = await page.locator("table.edges tbody tr").evaluateAll((rows) => rows.map((row) => row.children[3].textContent));
    assert.equal(strokes.filter(({ plain }) => !plain).length, scores.filter((score) => score.startsWith("−")).length);
    assert.equal(strokes.filter(({ plain }) => plain).length, scores.filter((score) => score.startsWith("+")).length);
  });

  it("forced colours and reduced motion are respected", async () => {
    await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
    try {
      await ui.open();
      const seen = (selector) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).forcedColorAdjust + getComputedStyle(element).fill);
      assert.ok(await seen(".cs-drawing .nodes .box"));
      const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => getComputedStyle(element).transitionDuration.split(",").some((duration) => parseFloat(duration) > 0)).map((element) => element.className));
      assert.deepEqual(moving, []);
      assert.equal(await ui.nRibbons(), 2);
    } finally {
      await page.emulateMedia({ forcedColors: "none", reducedMotion: "no-preference" });
    }
  });
});
