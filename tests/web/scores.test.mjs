// Scores and circuits of other programs in the page and in the module: `tests/fixtures/formats`, and what is downloaded.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { caseFile } from "./support/cases.mjs";
import { numbers, parse } from "./support/safetensors.mjs";
import { SITE, cases } from "./support/server.mjs";

const FORMATS = path.join(cases, "../formats");
/** GPT-2 small's published circuit, which is not part of the project. */
const PUBLISHED = path.join(cases, "../../../../shared/reference/formats/ioi-eap-ig.gpt2-small.mib.json");
const format = (name) => ({ name, base64: readFileSync(path.join(FORMATS, name)).toString("base64") });
const text = (name, contents) => ({ name, base64: Buffer.from(contents).toString("base64") });

/** The numbers of the scores of the case `gpt2`, by module. */
function expectedScores() {
  return parse(caseFile("gpt2", "graph0.scores.safetensors"));
}

describe("scores of other programs", () => {
  let browser, page, errors;
  before(async () => {
    browser = await openBrowser(SITE);
    page = browser.page;
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (error) => errors.push(error.message));
  });
  after(() => browser?.close());
  beforeEach(async () => {
    errors = [];
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(browser.server.origin + SITE);
    await page.waitForSelector("svg.circuit");
  });
  afterEach(() => assert.deepEqual(errors, []));

  const drop = (files) => page.evaluate(async (files) => {
    const transfer = new DataTransfer();
    for (const file of files) {
      const url = typeof file === "string" ? file : `data:;base64,${file.base64}`;
      transfer.items.add(new File([await (await fetch(url)).blob()], file.name ?? file.split("/").at(-1)));
    }
    document.querySelector(".page").dispatchEvent(
      new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
    );
  }, files);
  const dropModel = () => drop(["model.safetensors", "config.json", "prompts.json"].map((file) => `/cases/gpt2/${file}`));
  const nRibbons = () => page.locator("svg.circuit .ribbons path").count();
  const drawn = (n) => page.waitForFunction(
    (n) => document.querySelectorAll("svg.circuit .ribbons path").length === n,
    n,
  );
  const line = (pattern) => page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector(".scores-line")?.textContent ?? ""),
    pattern.source,
  );
  const count = () => page.inputValue("input.count");
  const chooseCount = (n) => page.fill("input.count", String(n));
  const scoresRow = () => page.locator("li.file", { has: page.locator(".role", { hasText: /^Scores$/ }) });
  /** What the download of the scores in a format holds. */
  const download = async (label, circuitOnly = false) => {
    await page.selectOption("#save-scores-format", { label });
    if (circuitOnly) await page.getByLabel("shown circuit only").check();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download", exact: true }).click(),
    ]);
    return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
  };
  /** The scores in use are those of the case `gpt2`, times a factor. */
  const assertScores = async (factor = 1) => {
    const { bytes } = await download("safetensors of PruneScores");
    const [found, expected] = [parse(bytes), expectedScores()];
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const [name, tensor] of Object.entries(expected)) {
      assert.deepEqual([...numbers(found[name])], [...numbers(tensor)].map((x) => factor * x), name);
    }
  };

  for (const [name, pattern] of [
    ["gpt2.scores.pt", /^torch file/],
    ["gpt2.mib.json", /JSON · a circuit of 33 edges/],
    ["gpt2.mib.pt", /MIB circuit, torch file · a circuit of 33 edges/],
  ]) {
    it(`opens ${name}`, async () => {
      await dropModel();
      await drop([format(name)]);
      await line(pattern);
      await assertScores();
      if (name.includes("mib")) {
        assert.equal(await count(), "33");
        await drawn(33);
        assert.match(await page.textContent(".scores-io"), /token embedding alone/);
      }
    });
  }

  it("lets one of a cache's scores be chosen, and runs with it", async () => {
    await drop([format("gpt2.task-prune-scores.pkl")]);
    await page.waitForFunction(() => /once there is a config/.test(document.querySelector(".scores-io").textContent)
      || document.querySelector("li.file .wrong"));
    await dropModel();
    await line(/torch file.*EAP/);
    assert.deepEqual(await page.locator(".scores-choice option").allTextContents(), ["Tiny Task/EAP", "Tiny Task/Random"]);
    await assertScores();
    await page.selectOption(".scores-choice select", "Tiny Task/Random");
    await line(/Random/);
    await assertScores(-2);
    await page.selectOption("#device", "CPU");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForFunction(() => /^Done/.test(document.querySelector(".status").textContent));
  });

  it("opens exactly the circuit that an EAP-IG file marks", async () => {
    await dropModel();
    await drop([format("gpt2.mib.json")]);
    await line(/33 edges/);
    await page.selectOption(".scores-choice select", "circuit");
    await page.waitForFunction(() => document.querySelector(".scores-choice select")?.value === "circuit");
    await drawn(33);
    // All others have the score 0, and so come in together.
    await chooseCount(34);
    await page.waitForFunction(() => /110 with ties/.test(document.querySelector(".of").textContent));
  });

  it("sets the graph that a list of edges is of", async () => {
    await dropModel();
    await drop([text("mine.csv", "edge\nResid Start->A0.1\nA0.1->MLP 1\n")]);
    await line(/edge list, CSV · a circuit of 2 edges/);
    await drawn(2);
    assert.equal(await page.evaluate(() => document.querySelector("svg.circuit .ribbons path") !== null), true);
  });

  it("lists the edges that the model does not have", async () => {
    await dropModel();
    await drop([text("wrong.json", JSON.stringify(["A0.1->MLP 1", "A9.1->MLP 1"]))]);
    await page.waitForFunction(() => /1 edge \(`A9\.1->MLP 1`\)/.test(document.querySelector("ul[aria-label=Files]").textContent));
    assert.equal(await scoresRow().locator(".state").getAttribute("aria-label"), "wrong");
  });

  it("refuses a pickle that asks for more than data, by name", async () => {
    await dropModel();
    await drop([format("module.pt")]);
    await page.waitForFunction(() => /torch\.nn\.modules\.linear\.Linear/.test(document.querySelector("ul[aria-label=Files]").textContent));
  });

  it("downloads scores in every format, and opens what it saved", async () => {
    await dropModel();
    await drop(["/cases/gpt2/graph0.scores.safetensors"]);
    await page.waitForFunction(() => document.querySelectorAll("li.file .state[aria-label=ready]").length === 4);
    await chooseCount(7);
    await drawn(7);
    const csv = await download("edge list, CSV", true);
    assert.equal(csv.name, "graph0.scores-7-edges.csv");
    assert.equal(csv.bytes.toString().trim().split("\n").length, 8);
    for (const label of ["EAP-IG / MIB circuit, JSON", "edge list, JSON", "safetensors of PruneScores"]) {
      if (await page.getByLabel("shown circuit only").count()) await page.getByLabel("shown circuit only").uncheck();
      const { name, bytes } = await download(label);
      await drop([{ name: `again-${name}`, base64: bytes.toString("base64") }]);
      await page.waitForFunction((name) => document.querySelector("ul[aria-label=Files]").textContent.includes(name), `again-${name}`);
      await line(/./);
      await assertScores();
    }
    assert.match(await page.textContent(".scores-line"), /graph0\.scores.* · gpt2, 2 layers, 4 heads/);
  });

  it("draws GPT-2 small's published circuit in under a second", { skip: !existsSync(PUBLISHED) }, async () => {
    const config = {
      model_type: "gpt2", n_layer: 12, n_head: 12, n_embd: 768, vocab_size: 50257, n_positions: 1024, n_ctx: 1024,
      activation_function: "gelu_new", layer_norm_epsilon: 1e-5,
    };
    await drop([text("config.json", JSON.stringify(config)), format("gpt2.scores.pt")]);
    // The reader is fetched and started by the file before.
    await page.waitForFunction(() => document.querySelector("ul[aria-label=Files] .wrong"));
    const file = { name: "ioi.json", base64: readFileSync(PUBLISHED).toString("base64") };
    const times = await page.evaluate(async (file) => {
      const blob = await (await fetch(`data:;base64,${file.base64}`)).blob();
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], file.name));
      const start = performance.now();
      document.querySelector(".page").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
      const until = async (done) => {
        while (!done()) await new Promise((resolve) => requestAnimationFrame(resolve));
        return performance.now() - start;
      };
      const read = await until(() => document.querySelector(".scores-choice"));
      const drawn = await until(() => document.querySelectorAll("svg.circuit .ribbons path").length === 756);
      return { read, drawn };
    }, file);
    console.log(`read in ${times.read.toFixed(0)} ms, drawn after ${times.drawn.toFixed(0)} ms`);
    assert.match(await page.textContent(".of"), /of 32491/);
    assert.match(await page.textContent(".scores-io"), /756 edges as its circuit, 717 of them/);
    assert.equal(await nRibbons(), 756);
    assert.ok(times.drawn < 1000, `it took ${times.drawn} ms`);
    await page.selectOption(".scores-choice select", "circuit");
    await page.waitForFunction(() => !/717 of them/.test(document.querySelector(".scores-io").textContent));
    await drawn(756);
    assert.equal(await count(), "756");
  });
});
