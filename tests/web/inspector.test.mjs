// The inspector: what the engine says of a head or an MLP when it is asked. The demo's head A3.0 reverses a sequence, so that
// its numbers are known: the query at position i reads from position 6 - i, and what it writes is the answer's own direction.

import assert from "node:assert/strict";
import { beforeEach, it } from "node:test";

import { SITE } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("the inspector", ({ page, ui }) => {
  beforeEach(() => ui.onCpu());

  const select = async (node) => {
    await ui.box(node).locator(".box").click({ force: true });
    await page.waitForFunction((node) => document.querySelector(".inspector h2").innerText === node, node);
  };
  const askEngine = () => ui.inspector().getByRole("button", { name: "Run this circuit here" }).first().click();
  const heat = () => page.getByRole("group", { name: "Attention of head A3.0" });
  /** What is read at the cell that is pointed at, in each run. */
  const readings = async () => {
    const said = await heat().locator("[aria-live=polite]").textContent();
    return Object.fromEntries(said.split("; ").map((part) => [part.split(" ")[0], part.slice(part.indexOf(" ") + 1)]));
  };
  const logits = () => page.locator("table.effects tbody tr").evaluateAll((rows) => {
    return Object.fromEntries(rows.map((row) => [row.querySelector("th").innerText, [...row.querySelectorAll("td")].map((cell) => Number(cell.innerText.replaceAll("−", "-")))]));
  });

  it("asks nothing of the engine before a person does", async () => {
    await select("A3.0");
    assert.match(await ui.inspector().innerText(), /Attention\s+query ↓ key →\s+This needs the model itself\./);
    assert.equal(await heat().count(), 0);
    assert.ok(!ui.asked().some((name) => /^engine.*_bg/.test(name)), `${ui.asked()}`);
  });

  it("shows a head's attention, clean, corrupt and in the circuit, and reads it by keys", async () => {
    await select("A3.0");
    await askEngine();
    await heat().waitFor();
    // Clean 3 0 0 0 0 0 and corrupt 3 0 1 0 2 1: the query at position 5 reads from position 1.
    assert.deepEqual(await readings(), { Clean: "0 → 0 1.00", Corrupt: "1 → 0 1.00", Circuit: "0 → 0 1.00" });
    await heat().focus();
    await page.keyboard.press("ArrowLeft");
    const [, least] = /^1 → 3 (.+)$/.exec((await readings()).Corrupt);
    assert.ok(Number(least.replace("−", "-")) < 1e-3, `it reads ${least} from BOS`);
    await page.keyboard.press("Escape");
    assert.equal((await readings()).Corrupt, "1 → 0 1.00");
  });

  it("says what a head adds to the logits, and how large its output is at each position", async () => {
    await select("A3.0");
    await askEngine();
    await page.waitForSelector("table.effects");
    const found = await logits();
    const expected = { Answer: [1, 0, 1], "Wrong answer": [0, 1, 0], Difference: [1, -1, 1] };
    assert.deepEqual(Object.keys(found), Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) {
      values.forEach((value, i) => assert.ok(Math.abs(found[name][i] - value) < 1e-3, `${name}: ${found[name]}`));
    }
    const norms = (await page.locator(".norms .number").allInnerTexts()).map((text) => Number(text.replace("−", "-")));
    assert.equal(norms.length, 6);
    assert.ok(norms[0] <= 1e-3, "nothing at BOS");
    assert.ok(norms.slice(1).every((norm) => Math.abs(norm - 1) < 1e-3), `${norms}`);
  });

  it("asks again for another prompt", async () => {
    await select("A3.0");
    await askEngine();
    await heat().waitFor();
    const before = await readings();
    await page.getByRole("button", { name: "Next prompt" }).click();
    await ui.until(async () => (await heat().count()) > 0 && JSON.stringify(await readings()) !== JSON.stringify(before));
    assert.match((await readings()).Clean, / 1\.00$/);
  });

  it("knows no attention of an MLP, and of many edges the strongest", async () => {
    await ui.press("End");
    await ui.drawn(77);
    await select("MLP 0");
    const text = await ui.inspector().innerText();
    assert.doesNotMatch(text, /Attention/);
    assert.match(text, /of layer 0\. 2 in, 13 out, of 77 edges\./);
    assert.equal(await page.locator(".edge-list").last().locator("li").count(), 8);
  });

  it("keeps a prompt of long tokens within its width", async () => {
    const files = ["config.json", "model.safetensors", "prompts.json", "tokenizer.json", "scores.safetensors"];
    await ui.drop(files.map((file) => `${SITE}demo/ioi/${file}`));
    await ui.allReady();
    await ui.shows(".inspector .cs-tokens", /endoftext/);
    const [needed, given] = await ui.inspector().evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
    assert.ok(needed <= given, `${needed} of ${given} pixels`);
  });
});
