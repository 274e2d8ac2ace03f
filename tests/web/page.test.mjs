// The page, used as a person would: by what it shows, through its controls.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { fakeEngine } from "./support/fake_engine.mjs";
import { CASE_FILES, LAPTOP, PHONE, openSite } from "./support/page.mjs";
import { randomModel } from "./support/random_model.mjs";
import { SITE } from "./support/server.mjs";

/** What counts as a task that a person notices, in milliseconds. */
const LONG_TASK_MS = 50;
/** A first visit has its drawing after so long. */
const DRAWN_MS = 1000;

describe("the page", () => {
  let site, page, ui;
  before(async () => {
    site = await openSite();
    ({ page, ui } = site);
  });
  after(() => site?.close());
  beforeEach(async () => {
    site.errors.length = 0;
    await ui.open();
  });
  afterEach(() => assert.deepEqual(site.errors, []));

  /** The likeliest tokens: what each is called, what it is to the prompt, and its probabilities. */
  const nextTokens = () => page.locator(".cs-next tbody tr").evaluateAll((rows) => rows.map((row) => {
    return [row.querySelector("th").firstChild.textContent, row.className, ...[...row.querySelectorAll("td")].map((td) => td.innerText.trim())];
  }));
  const chosenCircuit = () => page.locator("tr.circuit-row.chosen th").innerText();

  describe("the demo", () => {
    it("is drawn with its results before the engine is fetched", async () => {
      assert.equal(await ui.nRibbons(), 2);
      assert.deepEqual(await ui.circuits(), [
        ["0", "-0.7333", "0.2671", "0.0000"],
        ["2", "0.7333", "0.0000", "0.2671"],
        ["77", "0.7333", "0.0000", "0.2671"],
      ]);
      assert.deepEqual(await page.locator(".cs-next thead th").allInnerTexts(), ["Token", "Clean", "Corrupt", "Circuit"]);
      assert.ok(!ui.asked().some((name) => name.startsWith("engine")), `asked for ${ui.asked()}`);
    });

    it("is on the screen within a second", async () => {
      const context = await site.browser.newContext({ viewport: LAPTOP });
      try {
        const visit = await context.newPage();
        await visit.addInitScript(() => {
          const look = () => (document.querySelector(".cs-drawing svg [data-edge]") ? (window.drawnAt = performance.now()) : requestAnimationFrame(look));
          look();
        });
        await visit.goto(site.server.origin + SITE);
        await visit.waitForFunction(() => window.drawnAt);
        const ms = await visit.evaluate(() => window.drawnAt);
        assert.ok(ms < DRAWN_MS, `it took ${ms} ms`);
      } finally {
        await context.close();
      }
    });

    it("is redrawn by the strip, with the numbers that belong to it", async () => {
      await ui.table("circuits");
      await ui.press("ArrowRight");
      await ui.drawn(77);
      assert.equal(await chosenCircuit(), "77");
      await ui.press("Home");
      await ui.drawn(0);
      assert.equal(await chosenCircuit(), "0");
      // Without an edge the circuit answers as the corrupt run does.
      const likeliest = (await nextTokens()).find(([token]) => token === "1");
      assert.deepEqual([likeliest[1], likeliest.at(-1)], ["wrong", "57.6 %"]);
    });

    it("is computed here as it was recorded", async () => {
      const recorded = await ui.circuits();
      assert.match(await ui.statusText(), /^Recorded/);
      await ui.onCpu();
      await ui.run(/^\s*Done: 3 circuits/);
      assert.deepEqual(await ui.circuits(), recorded);
      assert.match(await page.textContent(".device"), /^CPU/);
      assert.equal(await page.locator(".results .note").count(), 0);
      const answer = (await nextTokens()).find(([, role]) => role === "answer");
      assert.deepEqual([answer[0], answer.at(-1)], ["0", "57.6 %"]);
    });

    it("runs the circuit that the strip comes to rest at, under other settings", async () => {
      await ui.set({ device: "CPU", ablation: "zero" });
      await ui.table("circuits");
      assert.match(await page.textContent(".results .note"), /other files or settings/);
      await ui.press("End");
      await ui.status(/Done: the chosen circuit/);
      assert.deepEqual((await ui.circuits()).map(([n]) => n), ["77"]);
      await ui.press("Home");
      await ui.circuitsAre(2);
    });
  });

  describe("a person's own files", () => {
    it("are recognised in any order and run", async () => {
      await ui.onCpu();
      await ui.dropCase("gpt2", [CASE_FILES[3], CASE_FILES[2]]);
      await ui.dropCase("gpt2", [CASE_FILES[1]]);
      await ui.status(/missing: weights/);
      await ui.section("model");
      assert.deepEqual(await ui.fileStates(), ["missing", "ready", "ready", "ready"]);
      await ui.dropCase("gpt2", [CASE_FILES[0]]);
      await ui.allReady();
      assert.deepEqual(await ui.fileStates(), ["ready", "ready", "ready", "ready"]);
      const { graphs } = JSON.parse(await readFile(new URL("../fixtures/cases/gpt2/case.json", import.meta.url)));
      const kl = graphs[0].runs[0].metrics["Clean KL Div"];
      await ui.set({ "edge-counts": "a list", "edge-count-list": kl.map(([n]) => n).join(", "), "batch-size": "2" });
      await ui.run();
      const found = (await ui.circuits()).map((row) => [Number(row[0]), Number(row.at(-2))]);
      assert.deepEqual(found.map(([n]) => n), kl.map(([n]) => n));
      found.forEach(([n, value], i) => assert.ok(Math.abs(value - kl[i][1]) < 6e-4 + 1e-3 * kl[i][1], `${n}: ${value}`));
    });

    it("can be chosen with the file dialog, and taken back to the demo", async () => {
      const { pathname } = new URL("../fixtures/cases/gpt2/", import.meta.url);
      await ui.section("model");
      await page.locator(".files input[type=file]:not([webkitdirectory])").setInputFiles(CASE_FILES.map((name) => pathname + name));
      await ui.allReady();
      assert.match(await page.textContent(".top .model"), /^GPT-2 · 2 layers/);
      await page.getByRole("button", { name: "Back to the demo" }).click();
      assert.match(await page.textContent(".top .model"), /^Tracr reverse/);
      await ui.drawn(2);
    });

    it("lose nothing to files that are wrong", async () => {
      const picture = () => page.innerHTML(".cs-drawing svg");
      const shown = await picture();
      const bytes = (...list) => Buffer.from(list).toString("base64");
      await ui.section("model");
      await ui.drop([
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
      assert.deepEqual(await ui.fileStates(), ["ready", "ready", "ready", "ready"]);
      assert.equal(await picture(), shown);
      await page.getByRole("button", { name: "Remove cat.png" }).click();
      assert.equal(await page.locator("li.file.bad").count(), 4);
    });

    it("say which tensor does not fit the config", async () => {
      await ui.dropCase("gpt2");
      await ui.allReady();
      await ui.section("model");
      await ui.dropCase("solu", ["model.safetensors"]);
      await page.waitForSelector("li.file.bad");
      assert.match(await ui.file("Weights").locator(".wrong").innerText(), /tensor `transformer\.wte\.weight`|`wte\.weight` of shape \[48, \d+\] is missing/);
      await ui.file("Weights").getByRole("button", { name: /^Remove/ }).click();
      await ui.allReady();
    });

    it("choose their graph where they are a model's first scores, and offer it where they are not", async () => {
      await ui.dropCase("gpt2", [...CASE_FILES.slice(0, 3), "graph3.scores.safetensors"]);
      await ui.allReady();
      await ui.section("model");
      assert.match(await page.textContent(".files"), /The settings were switched to .*: that is the graph of graph3\.scores\.safetensors\./);
      assert.notEqual(await ui.nRibbons(), 0);
      await ui.dropCase("gpt2", ["graph0.scores.safetensors"]);
      await page.getByRole("button", { name: /^Switch to/ }).click();
      await ui.allReady();
      assert.notEqual(await ui.nRibbons(), 0);
    });

    it("are named where they are neither weights nor scores, and take nothing's place", async () => {
      await ui.section("model");
      await ui.dropCase("gpt2", ["expected.safetensors"]);
      await page.waitForSelector("li.file.bad");
      assert.match(await page.textContent("li.file.bad .wrong"), /^expected\.safetensors: expected a model's weights .* or prune scores .*, found `/);
      assert.deepEqual(await ui.fileStates(), ["ready", "ready", "ready", "ready"]);
    });

    it("are refused where token ids or answers are out of range", async () => {
      await ui.section("model");
      await ui.drop([{ name: "p.json", base64: btoa('{"prompts": [{"clean": [3, 9], "corrupt": [3, 1]}]}') }]);
      await page.waitForSelector("li.file.bad");
      const reason = /p\.json: `prompts\[0\]\.clean` should be token ids below 5, the size of the vocabulary, found 9/;
      assert.match(await ui.file("Prompts").locator(".wrong").innerText(), reason);
      assert.match(await ui.statusText(), reason);
      assert.equal(await ui.runButton().count(), 0);
    });
  });

  it("gives the batch size back where nothing is typed in its place", async () => {
    await ui.section("settings");
    await page.fill("#batch-size", "");
    assert.equal(await page.inputValue("#batch-size"), "");
    await page.locator("#batch-size").blur();
    assert.equal(await page.inputValue("#batch-size"), "6");
  });

  describe("a longer run", () => {
    const start = async () => {
      await ui.drop(randomModel());
      await ui.allReady();
      await ui.set({ device: "CPU", "edge-counts": "logarithmic" });
      await page.evaluate(() => {
        window.longTasks = [];
        new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
          .observe({ entryTypes: ["longtask"] });
      });
      await ui.runButton().click();
    };

    it("never blocks the page", async () => {
      await start();
      await page.waitForSelector(".stat progress[value]");
      for (let i = 0; i < 20; i++) await ui.press(i % 2 ? "ArrowLeft" : "ArrowRight");
      await page.waitForFunction(() => !document.querySelector(".stat progress"), null, { timeout: 120_000 });
      const longTasks = await page.evaluate(() => window.longTasks);
      assert.ok(Math.max(0, ...longTasks) < LONG_TASK_MS, `tasks of ${longTasks} ms`);
      assert.ok((await ui.circuits()).length > 20);
    });

    it("is cancelled, and what was done stays", async () => {
      await start();
      await ui.table("circuits");
      await page.waitForSelector("tr.circuit-row");
      await ui.cancelButton().click();
      await ui.status(/Cancelled/);
      const done = (await ui.circuits()).length;
      assert.ok(done > 0);
      // A run that went on would add circuits: another one of 3 edges adds that alone.
      await ui.set({ "edge-counts": "a list", "edge-count-list": "1519" });
      await ui.run();
      const after = (await ui.circuits()).map(([n]) => n);
      assert.ok(after.length <= done + 1, `${done}, then ${after}`);
    });
  });

  describe("what goes wrong with the engine", () => {
    const engine = () => fakeEngine(site.server);
    afterEach(() => engine().healthy());

    for (const [what, script, message, remedy] of [
      ["no WebGPU", 'reply({ type: "failed", message: "no adapter" })', /no adapter/, "Go on with the CPU"],
      ["a lost device", 'opened() || reply({ type: "deviceLost", message: "unplugged" }, 0)', /unplugged/, "Go on with the CPU"],
      ["a dead worker", 'if (!opened()) throw new Error("out of memory")', /out of memory/, "Restart the engine"],
    ]) {
      it(`says of ${what}, and goes on`, async () => {
        engine().does(script);
        await ui.runButton().click();
        await page.waitForSelector(".notice");
        assert.match(await page.textContent(".notice"), message);
        assert.equal((await ui.circuits()).length, 3, "what was recorded is kept");
        await engine().healthy();
        if (remedy !== "Go on with the CPU") await ui.onCpu();
        await page.getByRole("button", { name: remedy }).click();
        await ui.status(/Done/);
        assert.equal(await page.locator(".notice").count(), 0);
        assert.match(await page.textContent(".device"), /^CPU/);
      });
    }

    it("starts another engine where one does not stop", async () => {
      engine().does("opened() || loaded()");
      await ui.runButton().click();
      await ui.shows(".device", /^GPU: x/);
      await page.waitForFunction(() => /Running/.test(document.querySelector(".status").textContent));
      await ui.cancelButton().click();
      await ui.status(/Cancelled/);
      await engine().healthy();
      await ui.onCpu();
      await ui.runButton().click();
      // It is given 15 seconds to stop.
      await page.waitForFunction(() => /Done: /.test(document.querySelector(".status").textContent), null, { timeout: 60_000 });
    });

    it("runs a circuit again whose tokens only an engine that died could tell", async () => {
      const recorded = JSON.parse(await readFile(new URL("../../www/demo/tracr-reverse/recorded.json", import.meta.url)));
      const { circuits, baseline, tokens: [[[tokens]]] } = recorded;
      engine().does(`if (opened() || loaded()) return;
        if (request.type === "run") {
          for (const result of ${JSON.stringify(circuits)}) reply({ type: "circuit", result });
          return reply({ type: "ran", baseline: ${JSON.stringify(baseline)}, areas: [] });
        }
        // It dies when nothing is asked of it any more.
        setTimeout(() => { throw new Error("out of memory"); }, 200);
        reply({ type: "tokens", tokens: ${JSON.stringify(tokens)} });`);
      // The recorded results are of other settings, so that nothing but the engine knows the tokens.
      await ui.set({ ablation: "zero" });
      await ui.run(/Done: 3 circuits/);
      await page.waitForSelector(".notice");
      assert.match(await page.textContent(".notice"), /out of memory/);
      await engine().healthy();
      await ui.onCpu();
      await page.getByRole("button", { name: "Restart the engine" }).click();
      await ui.shows(".device", /^CPU/);
      await page.selectOption("#prompt", { index: 1 });
      await ui.status(/Done: the chosen circuit/);
      await page.waitForSelector(".cs-next");
    });

    it("says when the engine cannot be fetched", async () => {
      engine().is("throw new Error('no such engine')");
      await ui.runButton().click();
      await page.waitForSelector(".notice");
      assert.match(await page.textContent(".notice"), /no such engine/);
    });
  });

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
    assert.equal(await chosenCircuit(), "77");
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
    const controls = [ui.runButton(), page.getByRole("button", { name: "Find a circuit", exact: true }), page.getByRole("button", { name: "Share" }), ui.knob(), ui.drawing(), page.locator(".cs-next"), page.locator("#tab-compare")];
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
