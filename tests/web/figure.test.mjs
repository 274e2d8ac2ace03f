// Figures: one is opened by its address or from a file, run, compared with what it recorded, and written again.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { it } from "node:test";

import { METRICS } from "../../www/module/schema.js";
import { SITE, startServer } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const demo = (name) => readFile(new URL(`../../www/demo/tracr-reverse/${name}`, import.meta.url));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
/** The two edges that the program uses. */
const EDGES = ["Resid Start->A3.0.V", "A3.0->Resid End"];
const MODEL = await demo("model.safetensors");

/** The demo as a figure: its two edges by their names, its prompts as token ids, and what was recorded of it. */
async function figure(change = () => {}) {
  const recorded = JSON.parse(await demo("recorded.json"));
  const prompts = JSON.parse(await demo("prompts.json"));
  const config = JSON.parse(await demo("tl_config.json"));
  const json = {
    format: "circuitscope-figure",
    version: 1,
    title: "Written <i>backwards</i>",
    caption: "{edges:2} of {edges:all} edges are enough & <b>no</b> more.",
    source: { text: "Lindner et al. 2023", url: "https://arxiv.org/abs/2301.05062" },
    licence: "CC BY 4.0",
    files: {
      config: { inline: { json: config } },
      weights: [{ url: "weights/model.safetensors", bytes: MODEL.length, sha256: sha256(MODEL) }],
    },
    run: { slice: "not_first_seq", batchSize: 6 },
    circuit: { scores: { listed: EDGES.map((edge) => ({ edge, score: 1 })) } },
    texts: {
      prompts: prompts.prompts.map(({ clean, corrupt, answers, wrong_answers: wrong }) => ({
        clean, corrupt, answers: { perPosition: answers }, wrongAnswers: { perPosition: wrong },
      })),
      seqLabels: prompts.seq_labels,
      tokens: { 0: "<script>", 1: " b" },
    },
    view: { size: { edges: 2 }, look: { orientation: "vertical" }, selection: { node: "A3.0" }, theme: "dark" },
    recorded: {
      date: "2026-11-30",
      program: "hand",
      baseline: { ...recorded.baseline, clean: byMetric(recorded.baseline.clean), corrupt: byMetric(recorded.baseline.corrupt) },
      circuits: recorded.circuits.slice(0, 2).map(({ circuit, measurement }) => ({ circuit, measurement: byMetric(measurement) })),
      tokens: recorded.tokens.slice(0, 2),
    },
  };
  change(json);
  return JSON.stringify(json);
}

/** A measurement, which is a list in the order of all metrics, as an object. */
function byMetric(measurement) {
  return Object.fromEntries(METRICS.map(({ name }, i) => [name, measurement[i]]).filter(([, value]) => value));
}

await pageSuite("figures", { anew: false }, ({ page, ui, server, visitor }) => {
  const FOLDER = `${SITE}f/`;
  const caption = (on = page) => on.textContent(".stage .caption");
  const notice = (on = page) => on.locator(".figure-notice");
  const engineAsked = () => server.requests.some(({ pathname }) => /engine[^/]*$/.test(pathname));
  const dropText = (name, text) => ui.drop([{ name, base64: Buffer.from(text).toString("base64") }]);
  const bytes = (name, buffer) => ({ name, base64: buffer.toString("base64") });
  const runLive = (on = page) => on.locator(".stat").getByRole("button", { name: "Run live", exact: true });
  /** Serves a figure and its weights, and opens the page on it. */
  const serve = async (change, weights = MODEL) => {
    server.add(`${FOLDER}figure.json`, await figure(change));
    server.add(`${FOLDER}weights/model.safetensors`, weights);
  };
  const openAt = async (query) => {
    await ui.open();
    server.requests.length = 0;
    await page.goto(`${server.origin}${SITE}${query}`);
    await ui.isDrawn();
  };

  it("shows one with its caption, its tokens and its results before any engine or weight is fetched", async () => {
    await serve();
    await openAt("?figure=f/figure.json");
    assert.match(await caption(), /Written <i>backwards<\/i>2 of 77 edges are enough & <b>no<\/b> more\./);
    assert.equal(await page.locator(".stage .caption b").count(), 1, "labels are text");
    assert.equal(await page.getAttribute(".figure-source a", "href"), "https://arxiv.org/abs/2301.05062");
    assert.match(await page.textContent(".figure-source"), /Lindner et al\. 2023 · CC BY 4\.0/);
    assert.equal(await page.getAttribute("html", "data-theme"), "dark");
    assert.match(await page.textContent(".inspector h2"), /A3\.0|Head 3\.0|3\.0/);
    assert.match(await ui.statusText(), /Recorded with this figure on 2026-11-30 by hand\. .*Running it here fetches [\d.]+ [kKM]i?B/);
    assert.equal(await page.getByRole("button", { name: "Turn the drawing" }).getAttribute("aria-pressed"), "true");
    assert.match(await ui.reading(), /logit diff 0\.73/);
    assert.ok(!engineAsked() && !ui.asked().includes("model.safetensors"), ui.asked().join());
    await ui.press("ArrowRight");
    await page.waitForTimeout(500);
    assert.ok(!engineAsked(), "the cursor fetches nothing either");
  });

  it("runs it live and says how far that is from what was recorded", async () => {
    await serve();
    await openAt("?figure=f/figure.json");
    await ui.onCpu();
    await page.locator(".inspector").getByRole("button", { name: "Run this circuit here" }).first().click();
    await ui.status(/verified: (no difference|largest difference \d(\.\d+)?e-\d+ \([a-z ,]+ at \d+ edges?\))\./);
    assert.ok(ui.asked().includes("model.safetensors"));
    assert.ok(await page.locator(".stat.good").isVisible());
    assert.match(await caption(), /are enough/);
  });

  it("fetches its files for a search, whose scores are none of those that were recorded", async () => {
    await serve();
    await openAt("?figure=f/figure.json");
    await ui.onCpu();
    await page.locator(".cost-line").filter({ hasText: "Fetches the figure's files first, " }).waitFor();
    await ui.button("Find a circuit").click();
    await ui.status(/^Done: 1 circuit on 6 prompts/);
    assert.ok(ui.asked().includes("model.safetensors"));
    assert.doesNotMatch(await page.locator(".status").innerText(), /recorded/);
  });

  it("fetches them for the panel of a search, too, where nothing is wrong", async () => {
    await serve();
    await openAt("?figure=f/figure.json");
    await ui.onCpu();
    await page.locator('.more-find[data-section="find"]').click();
    const bar = page.locator(".discover-bar");
    await bar.locator(".cost").filter({ hasText: "Fetches the figure's files first, " }).waitFor();
    assert.equal(await bar.locator(".wrong").count(), 0);
    await bar.getByRole("button", { name: "Find", exact: true }).click();
    await ui.status(/^Done: 1 circuit on 6 prompts/);
  });

  it("says in another colour that a run is not as recorded", async () => {
    await serve(({ recorded }) => (recorded.circuits[1].measurement.logitDiff.mean += 0.25));
    await openAt("?figure=f/figure.json");
    await ui.onCpu();
    await runLive().click();
    await ui.status(/not as recorded: largest difference 3e-1 \(logit difference at 2 edges\)/);
    assert.ok(await page.locator(".stat.stale").isVisible());
  });

  it("runs nothing with another file than the figure names", async () => {
    const other = Buffer.from(MODEL);
    other[other.length - 1] ^= 1;
    await serve(undefined, other);
    await openAt("?figure=f/figure.json");
    await runLive().click();
    await ui.shows(".figure-notice", /cannot be run here\. model\.safetensors: `sha256` should be .* by what the figure says/);
    assert.ok(!engineAsked());
    await serve(undefined, MODEL.subarray(9));
    await notice().getByRole("button", { name: "Dismiss" }).click();
    await runLive().click();
    await ui.shows(".figure-notice", /model\.safetensors: `size` should be/);
    assert.ok(await ui.nRibbons() > 0);
  });

  it("asks other hosts only after the reader agrees to them by name", async () => {
    const other = await startServer();
    try {
      const { host } = new URL(other.origin);
      other.add("/m/model.safetensors", MODEL);
      await serve(({ files }) => (files.weights[0].url = `http://${host}/m/model.safetensors`));
      await openAt("?figure=f/figure.json");
      await ui.onCpu();
      await runLive().click();
      await ui.shows(".figure-notice", new RegExp(`fetch [\\d.]+ [kKM]i?B from ${host.replaceAll(".", "\\.")}\\.`));
      assert.equal(other.requests.length, 0);
      await notice().getByRole("button", { name: "No", exact: true }).click();
      assert.equal(await notice().count(), 0);
      await runLive().click();
      await notice().getByRole("button", { name: `Ask ${host}` }).click();
      await ui.status(/verified: /);
      assert.deepEqual(other.requests.map(({ pathname }) => pathname), ["/m/model.safetensors"]);
      // The figure itself at another host.
      other.add("/f/figure.json", await figure());
      other.requests.length = 0;
      await page.goto(`${server.origin}${SITE}?figure=${other.origin}/f/figure.json`);
      await ui.shows(".figure-notice", new RegExp(`has to ask ${host.replaceAll(".", "\\.")}`));
      assert.equal(other.requests.length, 0);
      await notice().getByRole("button", { name: `Ask ${host}` }).click();
      await ui.shows(".stage .caption", /are enough/);
    } finally {
      other.close();
    }
  });

  it("combines a figure with what the rest of the link says, and Back leaves it", async () => {
    await serve();
    await openAt("?figure=f/figure.json");
    assert.equal(await page.evaluate(() => location.search + location.hash), "?figure=f/figure.json");
    await page.keyboard.press("1");
    await page.waitForFunction(() => location.hash.includes("drawer=edges"));
    await page.goto(`${server.origin}${SITE}?figure=f/figure.json#k=0&select=`);
    await page.reload();
    await ui.knob().waitFor();
    await ui.countIs(0);
    assert.match(await caption(), /are enough/);
    await page.goto(`${server.origin}${SITE}`);
    await ui.isDrawn();
    assert.match(await caption(), /the model says the other name/);
  });

  it("offers examples, each with an address of its own that Back leaves", async () => {
    server.add(`${SITE}demo/induction/figure.json`, await figure());
    await ui.open();
    await ui.menu("examples", /^Induction/);
    await ui.shows(".stage .caption", /are enough/);
    await page.waitForFunction(() => location.search === "?figure=demo/induction/figure.json");
    await page.goBack();
    await ui.shows(".stage .caption", /writes a sequence backwards/);
    assert.equal(await page.evaluate(() => location.search), "?figure=none");
    await page.goForward();
    await ui.shows(".stage .caption", /are enough/);
    await ui.menu("examples", /^Tracr reverse/);
    await ui.shows(".stage .caption", /not trained but compiled/);
    await page.waitForFunction(() => location.search === "?figure=demo/tracr-reverse/figure.json");
    await ui.menu("examples", /^Indirect object/);
    await ui.shows(".stage .caption", /the model says the other name/);
    await page.waitForFunction(() => location.search === "");
    server.add(`${SITE}demo/greater-than/figure.json`, "{}");
    await ui.menu("examples", /^Greater than/);
    await ui.shows(".figure-notice", /cannot be opened.*`format` should be/);
    assert.match(await caption(), /the model says the other name/);
  });

  it("opens one that is dropped, names what is missing and takes it when it is dropped", async () => {
    await ui.open();
    await dropText("figure.json", await figure());
    await ui.shows(".stage .caption", /are enough/);
    assert.match(await ui.statusText(), /To run it here, drop also: model\.safetensors \(/);
    const other = Buffer.from(MODEL);
    other[other.length - 1] ^= 1;
    await ui.drop([bytes("model.safetensors", other)]);
    await ui.shows(".figure-notice", /`sha256` should be/);
    await ui.drop([bytes("model.safetensors", MODEL)]);
    await runLive().waitFor();
    await ui.onCpu();
    await runLive().click();
    await ui.status(/verified: /);
    assert.equal(await page.evaluate(() => location.hash), "");
  });

  it("says what is wrong with a figure, and goes on", async () => {
    const wrong = {
      "page.html": ["<!DOCTYPE html><title>no</title>", /answered with a web page/],
      "page.json": ["<!DOCTYPE html><title>no</title>", /is a web page and no figure/],
      "version.json": [await figure((json) => (json.version = 7)), /`version` should be 1.*found 7/],
      "cut.json": [(await figure()).slice(0, 900), /cut off|no JSON/],
      "edges.json": [
        await figure((json) => (json.circuit.scores.listed = Array.from({ length: 70_000 }, () => ({ edge: EDGES[0], score: 1 })))),
        /`circuit\.scores\.listed` should be at most 65536/,
      ],
      "huge.json": [`{"format":"circuitscope-figure","x":"${"a".repeat(33 << 20)}"}`, /should be at most 33\.6 MB, and is more/],
      "include.json": [
        await figure((json) => (json.files.config = { url: "include.json" })),
        /files\.config|config/,
      ],
      "script.json": [await figure((json) => (json.files.weights[0].url = "javascript:alert(1)")), /`files\.weights\[0\]\.url` should be/],
    };
    for (const [name, [text, said]] of Object.entries(wrong)) {
      server.add(`${FOLDER}${name}`, text);
      await page.goto(`${server.origin}${SITE}?figure=f/${name}`);
      await ui.shows(".figure-notice", said);
      await ui.isDrawn();
      assert.match(await caption(), /writes a sequence backwards/, name);
    }
    await page.goto(`${server.origin}${SITE}?figure=f/none.json`);
    await ui.shows(".figure-notice", /could not be fetched from .*: it answered 404/);
    await notice().getByRole("button", { name: "Dismiss" }).click();
    await ui.press("End");
    await ui.countIs(77);
  });

  it("writes an open one again, whose files stay where they are", async () => {
    await serve();
    await openAt("?figure=f/figure.json");
    await ui.menu("share", /^Figure/);
    const dialog = page.getByRole("dialog", { name: "Save a figure" });
    assert.equal(await dialog.getByLabel("Title").inputValue(), "Written <i>backwards</i>");
    const { text } = await ui.saved(() => dialog.getByRole("button", { name: "Save JSON" }).click());
    await dialog.getByText("A run of it fetches model.safetensors from where the figure here has them.").waitFor();
    const saved = JSON.parse(text);
    const url = `${server.origin}${FOLDER}weights/model.safetensors`;
    assert.deepEqual(saved.files.weights, [{ url, bytes: MODEL.length, sha256: sha256(MODEL) }]);
    assert.deepEqual([saved.caption, saved.licence, saved.recorded.date], [
      "{edges:2} of {edges:all} edges are enough & <b>no</b> more.", "CC BY 4.0", "2026-11-30",
    ]);
    assert.ok(!engineAsked() && !ui.asked().includes("model.safetensors"));
  });

  it("writes one that shows the same screen when it is opened again, by itself or from an archive", async () => {
    await ui.open();
    await ui.onCpu();
    await ui.run();
    await page.locator(`.cs-drawing [data-edge="${EDGES[0]}"]`).first().dispatchEvent("click");
    await page.getByRole("button", { name: "Turn the drawing" }).click();
    await ui.menu("share", /^Figure/);
    const dialog = page.getByRole("dialog", { name: "Save a figure" });
    await dialog.getByLabel("Title").fill("Mine");
    await dialog.getByLabel("Caption").fill("{edges:shown} of {edges:all}");
    await dialog.getByRole("checkbox", { name: /^Weights in the file/ }).click();
    const { name, text } = await ui.saved(() => dialog.getByRole("button", { name: "Save JSON" }).click());
    assert.equal(name, "figure.json");
    await dialog.getByText("It needs no other file.").waitFor();
    const seen = async (page) => ({
      k: await page.locator("[data-strip-handle]").getAttribute("aria-valuenow"),
      ribbons: await page.locator(".cs-drawing .ribbons > [data-edge]").evaluateAll((all) => all.map((ribbon) => [
        ribbon.dataset.edge, ribbon.className.baseVal, ribbon.querySelector(".e").getAttribute("stroke"),
      ])),
      boxes: await page.locator(".cs-drawing .nodes > [data-node]").evaluateAll((all) => all.map(({ dataset }) => dataset.node)),
      turned: await page.getByRole("button", { name: "Turn the drawing" }).getAttribute("aria-pressed"),
      reading: await page.textContent(".reading"),
      inspector: await page.textContent(".inspector h2"),
    });
    const before = await seen(page);
    const again = await visitor();
    await again.page.goto(`${server.origin}${SITE}`);
    await again.ui.isDrawn();
    await again.ui.drop([bytes("figure.json", Buffer.from(text))]);
    await again.ui.shows(".stage .caption", /Mine2 of 77/);
    assert.deepEqual(await seen(again.page), before);
    await again.ui.onCpu();
    await runLive(again.page).click();
    await again.ui.status(/verified: /);

    await dialog.getByLabel("Caption").fill("{edges:1000}");
    await dialog.getByRole("button", { name: "Save JSON" }).click();
    await dialog.getByText(/a circuit of 1,?000 edges in the recorded results/).waitFor();
    await dialog.getByLabel("Caption").fill("");
    await dialog.getByRole("checkbox", { name: /^An archive/ }).click();
    const archive = await ui.saved(() => dialog.getByRole("button", { name: "Save ZIP" }).click());
    assert.equal(archive.name, "figure.zip");
    assert.deepEqual(stored(archive.bytes).map(({ name }) => name), [
      "figure.json", "model.safetensors", "prompts.json", "scores.safetensors",
    ]);
    const files = stored(archive.bytes);
    assert.ok(files[1].bytes.equals(MODEL));
    for (const dropped of [[{ name: "figure.zip", bytes: archive.bytes }], files]) {
      await again.ui.drop([bytes("config.json", await demo("tl_config.json"))]);
      await again.ui.shows(".stage .caption", /scores/);
      await again.ui.drop(dropped.map(({ name, bytes: content }) => bytes(name, content)));
      await again.ui.shows(".stage .caption", /^Mine$/);
      await again.ui.onCpu();
      await runLive(again.page).click();
      await again.ui.status(/verified: /);
    }
  });
});

/** The files of an archive whose files are stored as they are. */
function stored(archive) {
  const files = [];
  for (let at = 0; archive.readUInt32LE(at) === 0x04034b50; ) {
    const [size, nName] = [archive.readUInt32LE(at + 22), archive.readUInt16LE(at + 26)];
    const start = at + 30 + nName;
    files.push({ name: archive.toString("utf8", at + 30, start), bytes: archive.subarray(start, start + size) });
    at = start + size;
  }
  return files;
}
