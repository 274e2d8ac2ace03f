// Two circuits in one drawing, random edges, pinned runs and the table of settings, used as a person would.

import assert from "node:assert/strict";
import { it } from "node:test";

import { pageSuite } from "./support/suite.mjs";

await pageSuite("comparing circuits in the page", ({ page, ui }) => {
  const { button } = ui;
  const tab = (name) => page.getByRole("tab", { name, exact: true }).click();
  /** Waits until so many edges are drawn: one of both circuits may be drawn twice. */
  const nDrawn = (n) => page.waitForFunction(
    (n) => new Set([...document.querySelectorAll(".room [data-edge]")].map((edge) => edge.dataset.edge)).size === n,
    n,
  );
  const parts = () => page.locator(".parts h3").allInnerTexts();

  it("draws another size of the same scores with the shown circuit, and takes it away again", async () => {
    await nDrawn(2);
    await tab("Compare");
    await page.selectOption("#compare-with", { label: "another size of these scores" });
    await nDrawn(77);
    assert.deepEqual(await parts(), [
      "Only A, official circuit, 2 edges: 0",
      "In both: 2",
      "Only B, official circuit, 77 edges: 75",
    ]);
    assert.match(await page.locator(".stage > .caption").innerText(), /^Two circuits in one drawing: /);
    assert.match(await page.locator("div.legend").innerText(), /only B: official circuit, 77 edges/);
    await button("Only differences").click();
    await nDrawn(75);
    await button("End comparison").click();
    await nDrawn(2);
    assert.equal(await page.locator(".parts").count(), 0);
  });

  it("compares with the official circuit, and selects an edge of a list", async () => {
    await tab("Compare");
    await page.selectOption("#compare-with", { label: "official: Tracr's own circuit" });
    assert.match(await page.locator(".compare-bar").innerText(), /2 in both, 0 only in A, 0 only in B · Jaccard 1\.00/);
    const first = page.locator(".part .edge-line").first();
    await first.click();
    assert.equal(await first.getAttribute("aria-pressed"), "true");
    assert.equal(await page.locator(".room .sel[data-edge]").count(), 1);
    await page.getByRole("button", { name: "Forget the official circuit" }).click();
    assert.equal(await page.locator(".parts").count(), 0, "what it was compared with is gone");
  });

  it("runs random edges at the counts of the curve", async () => {
    await ui.onCpu();
    await button("Random edges").click();
    await ui.status(/Done: random edges, (5 draws|one draw only)/);
    await page.waitForSelector(".curve .random");
    await tab("Circuits");
    const heads = await page.locator(".results thead th").allInnerTexts();
    assert.equal(heads.at(-1), "Random edges");
    const last = await page.locator("tr.circuit-row td:last-child").allInnerTexts();
    assert.ok(last.length === 3 && last.every((text) => /\d/.test(text)), last.join());
    // Nothing and everything are the same circuits, whoever draws them.
    const means = await ui.savedMeans("Clean KL Div");
    for (const n of [0, 77]) {
      const [chosen, ...draws] = means.filter(({ edges }) => edges === n);
      assert.ok(draws.length > 0);
      for (const { name, mean } of draws) assert.ok(Math.abs(mean - chosen.mean) < 1e-3, `${name}: ${mean}, ${chosen.mean}`);
    }
    // The button stays, and hides and shows their curve.
    assert.equal(await button("Random edges").getAttribute("aria-pressed"), "true");
    await button("Random edges").click();
    await page.waitForSelector(".curve .random", { state: "detached" });
    await button("Random edges").click();
    await page.waitForSelector(".curve .random");
    // Of other settings they say nothing.
    await ui.set({ ablation: "zero" });
    assert.equal(await page.locator(".curve .random").count(), 0);
  });

  it("renames a pinned run", async () => {
    await button("Pin").click();
    await tab("Compare");
    const name = page.getByLabel("Name of the pinned run");
    await name.fill("first try");
    await name.press("Tab");
    assert.match(await page.locator(".strip-panel .key").innerText(), /first try/);
    await name.fill("  ");
    await name.press("Tab");
    assert.equal(await name.inputValue(), "first try");
    await page.locator(".strip-panel").getByRole("button", { name: "Unpin first try" }).click();
    assert.equal(await page.getByLabel("Name of the pinned run").count(), 0);
  });

  it("saves the table of settings, and takes a cell's settings into use", async () => {
    await ui.onCpu();
    await tab("Every setting");
    await button("Test the shown circuit").click();
    await ui.status(/Done: the circuit under every setting/);
    assert.equal(await page.locator("table.sensitivity td button").count(), 28);
    const { name, text } = await ui.saved(() => button("CSV").click());
    assert.equal(name, "settings.csv");
    const lines = text.trim().split("\n");
    assert.equal(lines[0], "patch_type,ablation,reverse,edges,metric,mean,std,quartile_1,median,quartile_3");
    assert.equal(new Set(lines.slice(1).map((line) => line.split(",").slice(0, 3).join())).size, 28);
    const cell = page.locator("table.sensitivity tbody tr").nth(1).locator("td").nth(2);
    await cell.getByRole("button").click();
    assert.match(await cell.getAttribute("class"), /\bcurrent\b/);
    assert.match(await page.locator(".sentence").innerText(), /tree patch.*zero/);
  });
});
