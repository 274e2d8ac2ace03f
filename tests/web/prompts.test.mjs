// Which prompts fail: the chosen measure of every prompt, in the inspector.

import assert from "node:assert/strict";
import { it } from "node:test";

import { pageSuite } from "./support/suite.mjs";

await pageSuite("the measure of every prompt", ({ page, ui }) => {
  const part = () => page.locator(".every-prompt");
  const heading = () => part().locator("h2").innerText();
  const list = () => part().getByRole("listbox");
  /** Runs the circuit that is shown, from the recorded results. */
  const run = async () => {
    await ui.onCpu();
    await part().getByRole("button", { name: "Run this circuit here" }).click();
    await list().waitFor();
  };
  const measure = (label) => page.selectOption("#metric", { label });
  /** For each prompt, worst first, its number and the measure clean, in the circuit and corrupt. */
  const values = () => list().locator("[role=option]").evaluateAll((options) => options.map(({ textContent }) => {
    const [number, ...values] = textContent.replaceAll("\u2212", "-").match(/-?\d+(\.\d+)?/g).map(Number);
    return { number, values };
  }));
  const chosenPrompt = () => page.locator("#prompt").evaluate(({ selectedIndex }) => selectedIndex + 1);
  const promptIs = (number) => page.waitForFunction((i) => document.querySelector("#prompt").selectedIndex === i, number - 1);
  const ringed = () => list().locator("[aria-selected=true]").innerText();

  it("needs a run, and is then that of the run", async () => {
    assert.equal(await heading(), "KL divergence from clean, all 6 prompts");
    assert.equal(await list().count(), 0);
    await run();
    await measure("Logit difference");
    await ui.shows(".every-prompt", /The answer leads|Over all positions/);
    assert.equal(await heading(), "Logit difference, all 6 prompts");
    const found = await values();
    assert.deepEqual(found.map(({ number }) => number).sort(), [1, 2, 3, 4, 5, 6]);
    const circuit = found.map(({ values: [, circuit] }) => circuit);
    assert.deepEqual(circuit, circuit.toSorted((a, b) => a - b), "worst first");
    // The demo's circuit of 2 edges: what its table says, to two decimals.
    const mean = (row) => found.reduce((sum, { values }) => sum + values[row], 0) / 6;
    const means = [0, 1, 2].map(mean);
    for (const [i, expected] of [0.7333, 0.7333, -0.7333].entries()) assert.ok(Math.abs(means[i] - expected) < 0.01, String(means));
  });

  it("chooses the prompt that is clicked, or gone to by keys", async () => {
    await run();
    await measure("Logit difference");
    await ui.shows(".every-prompt", /The answer leads|Over all positions/);
    const order = (await values()).map(({ number }) => number);
    await list().focus();
    await page.keyboard.press("End");
    await promptIs(order[5]);
    await page.keyboard.press("Home");
    await promptIs(order[0]);
    assert.match(await ringed(), new RegExp(`^Prompt ${order[0]}: `));
    // A dot of the circuit's row that is not of the worst prompt, and all prompts whose dots lie there too.
    const dot = await list().locator("svg g").nth(1).evaluate((row, worst) => {
      const dots = [...row.querySelectorAll("circle")].map((circle) => {
        const { x, y, width, height } = circle.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2, number: Number(circle.textContent.match(/\d+/)[0]) };
      });
      const { x, y } = dots.toSorted((a, b) => b.x - a.x)[0];
      const there = dots.filter((other) => Math.abs(other.x - x) < 1).map(({ number }) => number);
      return { x, y, there, hasWorst: there.includes(worst) };
    }, order[0]);
    assert.equal(dot.hasWorst, false);
    await page.mouse.click(dot.x, dot.y);
    await page.waitForFunction((worst) => document.querySelector("#prompt").selectedIndex !== worst - 1, order[0]);
    const chosen = await chosenPrompt();
    assert.ok(dot.there.includes(chosen), `${chosen} of ${dot.there}`);
    assert.match(await ringed(), new RegExp(`^Prompt ${chosen}: `));
    assert.equal(await list().locator(".dot.selected").count(), 3);
  });

  it("keeps what is below in its place", async () => {
    const top = async () => (await part().boundingBox()).height;
    const waiting = await top();
    await run();
    assert.ok(Math.abs((await top()) - waiting) < 1, `${waiting} and ${await top()} pixels high`);
  });
});
