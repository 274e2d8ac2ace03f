// The page's measures, used as a person would: the curve and its cursor, pins, the official circuit, the table of settings.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { readCase } from "./support/cases.mjs";
import { SITE } from "./support/server.mjs";

const CASE = readCase("gpt2");
const FILES = ["model.safetensors", "config.json", "prompts.json", "graph0.scores.safetensors"];

describe("the page's measures", () => {
  let browser, page, errors;
  before(async () => {
    browser = await openBrowser(SITE);
    page = browser.page;
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => errors.push(error.message));
  });
  after(() => browser?.close());
  beforeEach(async () => {
    errors = [];
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(browser.server.origin + SITE);
    await page.waitForSelector("svg.circuit");
  });
  afterEach(() => assert.deepEqual(errors, []));

  const plot = () => page.getByRole("slider", { name: "Circuit on the curve" });
  const count = () => page.getByRole("spinbutton", { name: "Edge count" }).inputValue();
  const status = (pattern) => page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector(".status").textContent),
    pattern.source,
  );
  const curves = () => page.locator("table.curves tbody tr").evaluateAll((rows) => {
    return rows.map((row) => [...row.children].map((cell) => cell.textContent));
  });
  const run = async () => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await status(/^Done: \d/);
  };
  /** The files of the case gpt2, with the edge counts of its runs. */
  const openCase = async () => {
    await page.evaluate(async (files) => {
      const transfer = new DataTransfer();
      for (const file of files) {
        transfer.items.add(new File([await (await fetch(`/cases/gpt2/${file}`)).blob()], file));
      }
      const target = document.querySelector(".page");
      for (const type of ["dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      }
    }, FILES);
    await page.waitForFunction(() => {
      const states = [...document.querySelectorAll("li.file .state")].map((s) => s.getAttribute("aria-label"));
      return states.filter((state) => state === "ready").length >= 4;
    });
    await page.selectOption("#device", "CPU");
    await page.selectOption("#edge-counts", "a list");
    await page.fill("#edge-count-list", CASE.graphs[0].runs[0].test_edge_counts.join(", "));
    await page.fill("#batch-size", "2");
  };
  const save = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
  };
  /** Where a point of the first curve is on the screen. */
  const pointAt = async (i) => {
    // The first curve is drawn last, above the others.
    const { x, y, width, height } = await page.locator(".curves-part .plot .curves > g").last().locator(".mark").nth(i).boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  };

  it("are there before the engine is: the demo's curve with its areas", async () => {
    assert.equal(await page.locator(".curves-part .plot .curves .mark").count(), 3);
    assert.deepEqual(await curves(), [["official circuit · edge · resample", "0.0000", "≤ 0.001", "0.9870", "0.0120", "1.000", ""]]);
    assert.match(await page.locator(".measures .hover").first().innerText(), /middle half of the prompts/);
  });

  it("move the slider when the cursor is dragged, and follow it", async () => {
    await plot().scrollIntoViewIfNeeded();
    const [none, two, all] = [await pointAt(0), await pointAt(1), await pointAt(2)];
    await page.mouse.move(two.x, two.y);
    assert.match(await page.locator(".measures .hover").first().innerText(), /^2 edges: 0\.0000/);
    await page.mouse.down();
    await page.mouse.move(all.x - 4, all.y - 30, { steps: 4 });
    assert.equal(await count(), "77");
    await page.mouse.move(none.x + 3, none.y, { steps: 4 });
    assert.equal(await count(), "0");
    await page.mouse.up();
    await page.mouse.move(all.x, all.y);
    assert.equal(await count(), "0", "moving without the button points only");
    await page.getByRole("slider", { name: "Edges" }).focus();
    await page.keyboard.press("End");
    assert.equal(await plot().getAttribute("aria-valuetext"), "77 edges");
    const handle = await page.locator(".cursor circle").boundingBox();
    assert.ok(Math.abs(handle.x + handle.width / 2 - all.x) < 1);
  });

  it("move the cursor by keys", async () => {
    await plot().focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await count(), "0");
    await page.keyboard.press("ArrowRight");
    assert.equal(await count(), "2");
    await page.keyboard.press("End");
    assert.equal(await count(), "77");
    await page.keyboard.press("Home");
    assert.equal(await count(), "0");
  });

  it("are the reference's for every metric, and kept to compare other settings with", async () => {
    await openCase();
    await run();
    const { metrics } = CASE.graphs[0].runs[0];
    const { text } = await save("JSON");
    const [set] = JSON.parse(text);
    for (const [key, expected] of Object.entries(metrics)) {
      const found = set.metrics[key].values;
      assert.deepEqual(found.map(([n]) => n), expected.map(([n]) => n), key);
      found.forEach(([n, value], i) => {
        const most = 1e-4 + 1e-3 * Math.abs(expected[i][1]);
        assert.ok(Math.abs(value - expected[i][1]) <= most, `${key} at ${n}: ${value}, expected ${expected[i][1]}`);
      });
    }
    await page.getByRole("button", { name: "Pin", exact: true }).click();
    await page.selectOption("#ablation", "zero");
    await run();
    assert.deepEqual((await curves()).map(([name]) => name), ["graph0.scores · edge · zero", "graph0.scores · edge · resample"]);
    assert.equal(await page.locator(".curves-part .plot .curves > g").count(), 2);

    const csv = await save("CSV");
    assert.equal(csv.name, "measures.csv");
    const lines = csv.text.trim().split("\n");
    assert.equal(lines[0], "scores,requested,edges,threshold,metric,mean,std,quartile_1,median,quartile_3");
    assert.equal(lines.length, 1 + 2 * 14 * metrics["Clean KL Div"].length);
    const svg = await save("SVG");
    assert.equal(svg.name, "clean-kl-div.svg");
    assert.match(svg.text, /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    assert.match(svg.text, /graph0\.scores · edge · resample/);

    await page.getByRole("button", { name: "Unpin graph0.scores · edge · resample" }).click();
    assert.equal(await page.locator(".curves-part .plot .curves > g").count(), 1);
  });

  it("are shown on the axes of the reference, or on linear ones where those do not fit", async () => {
    const label = () => page.locator(".curves-part .plot .label").nth(1).textContent();
    assert.equal(await label(), "KL divergence from clean (nats, log scale)");
    await page.getByRole("checkbox", { name: "log" }).uncheck();
    assert.equal(await label(), "KL divergence from clean (nats)");
    await page.selectOption("#metric", { label: "Answer log probability — Answer Logprob" });
    assert.equal(await label(), "Answer log probability (nats)");
    assert.match(await page.locator(".measures .hover").first().innerText(), /no place for values below 0/);
    await page.selectOption("#metric", { label: "Correct answer — Correct Answer Percent" });
    assert.equal(await label(), "Correct answer (%)");
    assert.equal(await page.locator(".curves-part .plot .bands path").count(), 0);
  });

  it("tell how scores do against an official circuit, from a file or as shown", async () => {
    const official = page.locator(".official");
    assert.match(await official.innerText(), /Tracr's own circuit: 2 edges/);
    assert.match(await official.locator(".plot .legend").textContent(), /AUC 1\.000/);
    const input = official.locator("input[type=file]");
    const file = (value) => ({ name: "official.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(value)) });
    await input.setInputFiles(file({ official_edges: ["A0.0->MLP 0"] }));
    await page.waitForFunction(() => /official\.json: 1 edge\b/.test(document.querySelector(".official").innerText));
    // 74 of the 76 other edges are tied with it and 2 are above: 74 / 76 / 2.
    assert.match(await official.locator(".plot .legend").textContent(), /AUC 0\.487/);
    await input.setInputFiles(file(["A7.7->MLP 9"]));
    await page.waitForSelector(".official .wrong");
    assert.match(await official.locator(".wrong").innerText(), /official\.json.*A7\.7->MLP 9/);
    await official.getByRole("button", { name: "Forget the official circuit" }).click();
    assert.equal(await official.locator(".plot").count(), 0);
    await official.getByRole("button", { name: "Take the shown one" }).click();
    assert.match(await official.innerText(), /2 edges of official circuit: 2 edges/);
  });

  it("test the shown circuit under every setting", async () => {
    await openCase();
    await page.getByRole("spinbutton", { name: "Edge count" }).fill("27");
    await page.getByRole("button", { name: "Test the shown circuit" }).click();
    await status(/^Done: the circuit under every setting/);
    const cells = await page.locator("table.sensitivity tbody tr").evaluateAll((rows) => {
      return rows.map((row) => [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent)));
    });
    const columns = [["EDGE_PATCH", false], ["EDGE_PATCH", true], ["TREE_PATCH", false], ["TREE_PATCH", true]];
    const ablations = [...new Set(CASE.graphs[0].runs.map((run) => run.ablation_type))];
    assert.equal(ablations.length, 7);
    for (const [i, ablation] of ablations.entries()) {
      for (const [j, [patchType, reverse]] of columns.entries()) {
        const run = CASE.graphs[0].runs.find((run) => {
          return run.ablation_type === ablation && run.patch_type === patchType && run.reverse_clean_corrupt === reverse;
        });
        const expected = run.metrics["Clean KL Div"].find(([n]) => n === 27)[1];
        assert.ok(Math.abs(cells[i][j] - expected) <= 2e-4 + 1e-3 * expected, `${ablation} ${patchType} ${reverse}: ${cells[i][j]}, expected ${expected}`);
      }
    }
    assert.equal(await page.locator("table.sensitivity .current").count(), 1);
  });

  it("stop testing settings when that is cancelled", async () => {
    await openCase();
    await page.getByRole("button", { name: "Test the shown circuit" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await status(/^Cancelled/);
    await run();
  });

  it("fit a screen of 400 pixels", async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await page.reload();
    await page.waitForSelector("svg.circuit");
    await page.locator(".measures summary").click();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
    const { width } = await plot().boundingBox();
    assert.ok(width > 300 && width <= 400);
  });
});
