// The page, used as a person would: by what it shows, through its controls.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { AXE, openBrowser } from "./support/browser.mjs";
import { randomModel } from "./support/random_model.mjs";
import { SITE } from "./support/server.mjs";

const WORKER = `${SITE}engine-worker.js`;
const GPT2 = ["model.safetensors", "config.json", "prompts.json", "graph0.scores.safetensors"];
/** What counts as a task that a person notices, in milliseconds. */
const LONG_TASK_MS = 50;

describe("the page", () => {
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
    await page.setViewportSize({ width: 1280, height: 800 });
    await open();
  });
  afterEach(() => assert.deepEqual(errors, []));

  const open = async () => {
    browser.server.requests.length = 0;
    await page.goto(browser.server.origin + SITE);
    await page.waitForSelector("svg.circuit");
  };
  const text = (selector) => page.textContent(selector);
  const nRibbons = () => page.locator("svg.circuit .ribbons path").count();
  const rows = () => page.locator("tr.circuit-row").evaluateAll((rows) => rows.map((row) => row.innerText.split(/\s+/)));
  const chosenRow = () => page.locator("tr.circuit-row.chosen th").innerText();
  const status = (pattern) => page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector(".status").textContent),
    pattern.source,
  );
  const asked = () => browser.server.requests.map(({ pathname }) => pathname.split("/").at(-1));
  const run = async () => {
    await page.getByRole("button", { name: "Run" }).click();
    await status(/^Done/);
  };
  const onCpu = () => page.selectOption("#device", "CPU");

  /** Drops files: URLs on the server, or `{ name, base64 }`. */
  const drop = (files) => page.evaluate(async (files) => {
    const transfer = new DataTransfer();
    for (const file of files) {
      const url = typeof file === "string" ? file : `data:;base64,${file.base64}`;
      transfer.items.add(new File([await (await fetch(url)).blob()], file.name ?? file.split("/").at(-1)));
    }
    const target = document.querySelector(".page");
    for (const type of ["dragover", "drop"]) {
      target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
  }, files);
  const dropCase = (name, files) => drop(files.map((file) => `/cases/${name}/${file}`));
  const file = (role) => page.locator("li.file", { has: page.locator(".role", { hasText: new RegExp(`^${role}$`) }) });
  const state = async (role) => (await file(role).locator(".state").getAttribute("aria-label"));
  const states = async () => Promise.all(["Weights", "Config", "Prompts", "Scores"].map(state));
  const allReady = () => page.waitForFunction(() => {
    const states = [...document.querySelectorAll("li.file .state")].map((s) => s.getAttribute("aria-label"));
    return states.length === 4 && states.every((state) => state === "ready");
  });

  describe("the demo", () => {
    it("is drawn with its results before the engine is fetched", async () => {
      assert.equal(await nRibbons(), 2);
      assert.deepEqual(await rows(), [
        ["0", "-0.7333", "0.2671", "0.0000"],
        ["2", "0.7333", "0.0000", "0.2671"],
        ["77", "0.7333", "0.0000", "0.2671"],
      ]);
      assert.equal(await page.locator(".token-column").count(), 3);
      assert.ok(!asked().some((name) => name.startsWith("engine")), `asked for ${asked()}`);
    });

    it("is redrawn by the slider, with the numbers that belong to it", async () => {
      const slider = page.getByRole("slider", { name: "Edges" });
      await slider.focus();
      await page.keyboard.press("ArrowRight");
      assert.equal(await nRibbons(), 77);
      assert.equal(await chosenRow(), "77");
      await page.keyboard.press("Home");
      assert.equal(await nRibbons(), 0);
      assert.equal(await chosenRow(), "0");
      const circuit = page.locator(".token-column", { has: page.getByRole("heading", { name: "Circuit" }) });
      assert.match(await circuit.locator("li").first().innerText(), /^1✗\s*57.6 %$/);
    });

    it("is computed here as it was recorded", async () => {
      const recorded = await rows();
      await onCpu();
      await run();
      assert.deepEqual(await rows(), recorded);
      assert.match(await text(".device"), /^CPU/);
      assert.equal(await page.locator(".note").count(), 0);
      assert.match(await page.locator(".token-column").last().innerText(), /0✓\s*57.6 %/);
    });

    it("runs the circuit that the slider comes to rest at, under other settings", async () => {
      await onCpu();
      await page.selectOption("#ablation", "zero");
      assert.match(await text(".note"), /other files or settings/);
      const slider = page.getByRole("slider", { name: "Edges" });
      await slider.focus();
      await page.keyboard.press("End");
      await status(/^Done: the chosen circuit/);
      assert.deepEqual((await rows()).map(([n]) => n), ["77"]);
      await page.keyboard.press("Home");
      await page.waitForFunction(() => document.querySelectorAll("tr.circuit-row").length === 2);
    });
  });

  describe("a person's own files", () => {
    it("are recognised in any order and run", async () => {
      await onCpu();
      await dropCase("gpt2", [GPT2[3], GPT2[2]]);
      await dropCase("gpt2", [GPT2[1]]);
      await page.waitForFunction(() => /missing: weights/.test(document.querySelector(".status").textContent));
      assert.deepEqual(await states(), ["missing", "ready", "ready", "ready"]);
      await dropCase("gpt2", [GPT2[0]]);
      await allReady();
      const { graphs } = JSON.parse(await readFile(new URL("../fixtures/cases/gpt2/case.json", import.meta.url)));
      const kl = graphs[0].runs[0].metrics["Clean KL Div"];
      await page.selectOption("#edge-counts", "a list");
      await page.fill("#edge-count-list", kl.map(([n]) => n).join(", "));
      await page.fill("#batch-size", "2");
      await run();
      const found = (await rows()).map((row) => [Number(row[0]), Number(row.at(-2))]);
      assert.deepEqual(found.map(([n]) => n), kl.map(([n]) => n));
      found.forEach(([n, value], i) => assert.ok(Math.abs(value - kl[i][1]) < 6e-4 + 1e-3 * kl[i][1], `${n}: ${value}`));
    });

    it("can be chosen with the file dialog, and taken back to the demo", async () => {
      const { pathname } = new URL("../fixtures/cases/gpt2/", import.meta.url);
      await page.locator(".files input[type=file]:not([webkitdirectory])").setInputFiles(GPT2.map((name) => pathname + name));
      await allReady();
      assert.match(await text(".model"), /^GPT-2 · 2 layers/);
      await page.getByRole("button", { name: "Back to the demo" }).click();
      assert.match(await text(".model"), /^Tracr reverse/);
      assert.equal(await nRibbons(), 2);
    });

    it("lose nothing to files that are wrong", async () => {
      const shown = await page.innerHTML("svg.circuit");
      const bytes = (...list) => Buffer.from(list).toString("base64");
      await drop([
        { name: "cat.png", base64: bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) },
        { name: "empty.json", base64: "" },
        { name: "cut.json", base64: btoa('{"prompts": [{"clean"') },
        { name: "none.json", base64: btoa('{"prompts": []}') },
        { name: "huge.safetensors", base64: bytes(255, 255, 255, 255, 0, 0, 0, 0) },
      ]);
      const problems = page.locator("li.file.bad .wrong");
      await page.waitForFunction(() => document.querySelectorAll("li.file.bad").length === 5);
      assert.deepEqual((await problems.allInnerTexts()).map((text) => text.split(/[:;] /).slice(0, 2)), [
        ["cat.png", "expected a JSON or a safetensors file, or scores"],
        ["empty.json", "expected a JSON or a safetensors file, or scores"],
        ["cut.json", "not the JSON that was expected"],
        ["none.json", "`prompts` should be at least one prompt, found an empty list"],
        ["huge.safetensors", "not a readable safetensors file"],
      ]);
      assert.deepEqual(await states(), ["ready", "ready", "ready", "ready"]);
      assert.equal(await page.innerHTML("svg.circuit"), shown);
      await page.getByRole("button", { name: "Remove cat.png" }).click();
      assert.equal(await page.locator("li.file.bad").count(), 4);
    });

    it("say which tensor does not fit the config", async () => {
      await dropCase("gpt2", GPT2);
      await allReady();
      await dropCase("solu", ["model.safetensors"]);
      await page.waitForSelector("li.file.bad");
      assert.match(await file("Weights").locator(".wrong").innerText(), /tensor `transformer\.wte\.weight`|`wte\.weight` of shape \[48, \d+\] is missing/);
      await file("Weights").getByRole("button", { name: /^Remove/ }).click();
      await allReady();
    });

    it("choose their graph where they are a model's first scores, and offer it where they are not", async () => {
      await dropCase("gpt2", [...GPT2.slice(0, 3), "graph3.scores.safetensors"]);
      await allReady();
      assert.match(await text(".files"), /The settings were switched to .*: that is the graph of graph3\.scores\.safetensors\./);
      assert.notEqual(await nRibbons(), 0);
      await dropCase("gpt2", ["graph0.scores.safetensors"]);
      await page.getByRole("button", { name: /^Switch to/ }).click();
      await allReady();
      assert.notEqual(await nRibbons(), 0);
    });

    it("are named where they are neither weights nor scores, and take nothing's place", async () => {
      await dropCase("gpt2", ["expected.safetensors"]);
      await page.waitForSelector("li.file.bad");
      assert.match(await text("li.file.bad .wrong"), /^expected\.safetensors: expected a model's weights .* or prune scores .*, found `/);
      assert.deepEqual(await states(), ["ready", "ready", "ready", "ready"]);
    });

    it("are refused where token ids or answers are out of range", async () => {
      await drop([{ name: "p.json", base64: btoa('{"prompts": [{"clean": [3, 9], "corrupt": [3, 1]}]}') }]);
      await page.waitForSelector("li.file.bad");
      assert.match(
        await file("Prompts").locator(".wrong").innerText(),
        /p\.json: `prompts\[0\]\.clean` should be token ids below 5, the size of the vocabulary, found 9/,
      );
      assert.ok(await page.getByRole("button", { name: "Run" }).isDisabled());
    });
  });

  it("gives the batch size back where nothing is typed in its place", async () => {
    await page.fill("#batch-size", "");
    assert.equal(await page.inputValue("#batch-size"), "");
    await page.locator("#batch-size").blur();
    assert.equal(await page.inputValue("#batch-size"), "6");
  });

  describe("a longer run", () => {
    const start = async () => {
      await onCpu();
      await drop(randomModel());
      await allReady();
      await page.selectOption("#edge-counts", "logarithmic");
      await page.evaluate(() => {
        window.longTasks = [];
        new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
          .observe({ entryTypes: ["longtask"] });
      });
      await page.getByRole("button", { name: "Run" }).click();
    };

    it("never blocks the page", async () => {
      await start();
      await page.waitForSelector("progress[value]");
      const slider = page.getByRole("slider", { name: "Edges" });
      await slider.focus();
      for (let i = 0; i < 20; i++) await page.keyboard.press(i % 2 ? "ArrowLeft" : "ArrowRight");
      await page.waitForFunction(() => !document.querySelector("progress"), null, { timeout: 120_000 });
      const longTasks = await page.evaluate(() => window.longTasks);
      assert.ok(Math.max(0, ...longTasks) < LONG_TASK_MS, `tasks of ${longTasks} ms`);
      assert.ok((await rows()).length > 20);
    });

    it("is cancelled, and what was done stays", async () => {
      await start();
      await page.waitForSelector("tr.circuit-row");
      await page.getByRole("button", { name: "Cancel" }).click();
      await status(/^Cancelled/);
      const done = (await rows()).length;
      assert.ok(done > 0);
      await page.waitForTimeout(1000);
      assert.equal((await rows()).length, done);
      await page.selectOption("#edge-counts", "a list");
      await page.fill("#edge-count-list", "3");
      await run();
    });
  });

  describe("what goes wrong with the engine", () => {
    const fake = (script) => browser.server.add(WORKER, `self.onmessage = ({ data: [{ id, request }] }) => {
      const reply = (event, to = id) => self.postMessage([{ id: to, event }, []]);
      ${script}
    };`);
    const opened = 'if (request.type === "open") reply({ type: "opened", device: { kind: "webgpu", name: "x", reason: "y" } });';
    const config = JSON.stringify({
      family: "transformer_lens", n_layers: 1, n_heads: 1, n_key_value_heads: 1, d_model: 1, d_head: 1, n_ctx: 1, d_vocab: 1,
      d_vocab_out: 1, act_fn: "relu", gated_mlp: false, parallel_attn_mlp: false, normalization: "None", eps: 0,
      gain_offset: 0, embed_scale: 1, positional_embedding: "standard", attention_dir: "causal", attn_windows: [],
      qk_norm: false, attn_scale: 1, tied_unembedding: false,
      biases: { qkv: true, attn_out: true, mlp: true, unembed: true },
    });
    const healthy = async () => browser.server.add(WORKER, await readFile(new URL("../../dist/engine-worker.js", import.meta.url)));
    afterEach(healthy);

    for (const [what, script, message, remedy] of [
      ["no WebGPU", 'reply({ type: "failed", message: "no adapter" })', /no adapter/, "Go on with the CPU"],
      ["a lost device", `${opened} else reply({ type: "deviceLost", message: "unplugged" }, 0)`, /unplugged/, "Go on with the CPU"],
      ["a dead worker", `${opened} else throw new Error("out of memory")`, /out of memory/, "Restart the engine"],
    ]) {
      it(`says of ${what}, and goes on`, async () => {
        fake(script);
        await page.getByRole("button", { name: "Run" }).click();
        await page.waitForSelector(".notice");
        assert.match(await text(".notice"), message);
        assert.equal((await rows()).length, 3);
        await healthy();
        if (remedy !== "Go on with the CPU") await onCpu();
        await page.getByRole("button", { name: remedy }).click();
        await status(/^Done/);
        assert.equal(await page.locator(".notice").count(), 0);
        assert.match(await text(".device"), /^CPU/);
      });
    }

    it("starts another engine where one does not stop", async () => {
      fake(`${opened} else if (request.type === "loadModel") reply({ type: "loaded", config: ${config}, nParams: 1 });`);
      await page.getByRole("button", { name: "Run" }).click();
      await page.waitForFunction(() => /^GPU: x/.test(document.querySelector(".device").textContent));
      await page.waitForTimeout(200);
      await page.getByRole("button", { name: "Cancel" }).click();
      await status(/^Cancelled/);
      await healthy();
      await run();
    });

    it("runs a circuit again whose tokens only an engine that died could tell", async () => {
      const recorded = JSON.parse(await readFile(new URL("../../www/demo/tracr-reverse/recorded.json", import.meta.url)));
      const { circuits, baseline, tokens: [[[tokens]]] } = recorded;
      fake(`const answers = {
        open: () => [{ type: "opened", device: { kind: "webgpu", name: "x", reason: "y" } }],
        loadModel: () => [{ type: "loaded", config: ${config}, nParams: 1 }],
        run: () => [
          ...${JSON.stringify(circuits)}.map((result) => ({ type: "circuit", result })),
          { type: "ran", baseline: ${JSON.stringify(baseline)}, areas: [] },
        ],
        // It dies when nothing is asked of it any more.
        inspect() {
          setTimeout(() => { throw new Error("out of memory"); }, 200);
          return [{ type: "tokens", tokens: ${JSON.stringify(tokens)} }];
        },
      };
      for (const event of answers[request.type]()) reply(event);`);
      // The recorded results are of other settings, so that nothing but the engine knows the tokens.
      await page.selectOption("#ablation", "zero");
      await page.getByRole("button", { name: "Run" }).click();
      await status(/^Done: 3 circuits/);
      await page.waitForSelector(".notice");
      assert.match(await text(".notice"), /out of memory/);
      await healthy();
      await onCpu();
      await page.getByRole("button", { name: "Restart the engine" }).click();
      await page.waitForFunction(() => /^CPU/.test(document.querySelector(".device").textContent));
      await page.selectOption("#prompt", { index: 1 });
      await status(/^Done: the chosen circuit/);
      await page.waitForFunction(() => document.querySelectorAll(".token-column").length === 3);
    });

    it("says when the engine cannot be fetched", async () => {
      fake("");
      browser.server.add(WORKER, "throw new Error('no such engine')");
      await page.getByRole("button", { name: "Run" }).click();
      await page.waitForSelector(".notice");
      assert.match(await text(".notice"), /no such engine/);
    });
  });

  it("saves the picture", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as SVG" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "circuit-2-edges.svg");
    const svg = await readFile(await download.path(), "utf8");
    assert.match(svg, /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    assert.match(svg, /A3\.0-&gt;Resid End/);
  });

  it("turns the picture", async () => {
    const size = () => page.locator("svg.circuit").evaluate(({ viewBox }) => viewBox.baseVal.width / viewBox.baseVal.height);
    const across = await size();
    await page.getByRole("button", { name: "Vertical" }).click();
    assert.ok((await size()) < across);
  });

  it("names what is pointed at", async () => {
    const { x, y, height } = await page.locator("svg.circuit").boundingBox();
    await page.mouse.move(x + 120, y + height / 2);
    await page.waitForFunction(() => /->.*score/s.test(document.querySelector(".hover").textContent));
  });

  it("is used with the keyboard alone", async () => {
    const reached = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const { activeElement: at } = document;
        const { outlineStyle } = getComputedStyle(at.closest(".button") ?? at);
        return at === document.body ? null : [at.id || at.ariaLabel || at.innerText || at.type, outlineStyle];
      });
      if (!name) break;
      reached.push(name);
    }
    const names = reached.map(([name]) => name);
    for (const name of ["file", "graph", "ablation", "edge-counts", "device", "Run", "edge-slider", "Edge count", "Vertical", "Save as SVG", "radio", "prompt"]) {
      assert.ok(names.includes(name), `${name} is not among ${names}`);
    }
    assert.ok(reached.every(([, outline]) => outline !== "none"), JSON.stringify(reached));
    await page.locator("tr.circuit-row.chosen input").focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await chosenRow(), "77");
    assert.equal(await nRibbons(), 77);
  });

  it("has its main controls on the first screen", async () => {
    for (const name of ["Run", "Save as SVG"]) {
      const { y, height } = await page.getByRole("button", { name }).boundingBox();
      assert.ok(y + height <= 800, name);
    }
    for (const selector of ["#device", "#edge-slider", ".results table", ".token-columns"]) {
      const { y, height } = await page.locator(selector).boundingBox();
      assert.ok(y + height <= 800, selector);
    }
  });

  it("has headings without gaps, headed columns, and no part that only a mouse can scroll", async () => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
    await page.addScriptTag({ path: AXE });
    for (const width of [1280, 400]) {
      await page.setViewportSize({ width, height: 800 });
      const violations = await page.evaluate(async () => {
        const rules = ["scrollable-region-focusable", "heading-order", "empty-table-header"];
        const { violations } = await window.axe.run(document, { runOnly: { type: "rule", values: rules } });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
      });
      assert.deepEqual(violations, []);
    }
  });

  it("shows the count that is drawn where none was typed", async () => {
    const field = page.getByRole("spinbutton", { name: "Edge count" });
    for (const typed of ["-5", "7.5", ""]) {
      await field.fill(typed);
      await field.blur();
      assert.equal(await field.inputValue(), "2", `after ${typed}`);
      assert.equal(await nRibbons(), 2);
    }
  });

  for (const [width, height] of [[1280, 800], [800, 800], [400, 800]]) {
    it(`takes no more room than a window of ${width} x ${height} pixels has`, async () => {
      await page.setViewportSize({ width, height });
      await open();
      // All that is folded away, too, and more of a reason than fits.
      await page.evaluate(() => {
        for (const fold of document.querySelectorAll("details")) fold.open = true;
        document.querySelector(".device span").textContent = "No adapter { kind: DefaultDevice }, \n".repeat(11);
      });
      const { scrollWidth, scrollHeight, pageHeight, lines } = await page.evaluate(() => {
        const reason = document.querySelector(".device span");
        return {
          scrollWidth: document.documentElement.scrollWidth,
          scrollHeight: document.documentElement.scrollHeight,
          pageHeight: Math.ceil(document.querySelector(".page").getBoundingClientRect().height),
          lines: Math.round(reason.clientHeight / parseFloat(getComputedStyle(reason).lineHeight)),
        };
      });
      assert.ok(scrollWidth <= width, `${scrollWidth} pixels wide`);
      // On a phone all parts are below each other, and the document ends where they do.
      const most = width < 760 ? pageHeight : height;
      assert.ok(scrollHeight <= most, `${scrollHeight} pixels high, not ${most}`);
      assert.equal(lines, 1);
    });
  }

  it("fits a screen of 400 pixels", async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await open();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
    const { y } = await page.locator("svg.circuit").boundingBox();
    assert.ok(y < 400, `the picture starts at ${y}`);
  });
});
