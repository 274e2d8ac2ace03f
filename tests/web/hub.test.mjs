// Models of the Hugging Face hub: found, fetched and kept by the browser, from a fake hub.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { caseFile } from "./support/cases.mjs";
import { askHubWorker, startHub } from "./support/hub.mjs";
import { write } from "./support/safetensors.mjs";
import { BLANK, SITE } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const PIECE = 32 * 2 ** 20;
const WEIGHTS = caseFile("gpt2", "model.safetensors");
const CONFIG = caseFile("gpt2", "config.json");

/** One layer and a vocabulary so large that its weights are more than one piece: 39 MB. */
function large() {
  const [n_embd, vocab_size, n_positions] = [64, 150_000, 16];
  const shapes = {
    "wte.weight": [vocab_size, n_embd], "wpe.weight": [n_positions, n_embd],
    "h.0.ln_1.weight": [n_embd], "h.0.ln_1.bias": [n_embd], "h.0.ln_2.weight": [n_embd], "h.0.ln_2.bias": [n_embd],
    "h.0.attn.c_attn.weight": [n_embd, 3 * n_embd], "h.0.attn.c_attn.bias": [3 * n_embd],
    "h.0.attn.c_proj.weight": [n_embd, n_embd], "h.0.attn.c_proj.bias": [n_embd],
    "h.0.mlp.c_fc.weight": [n_embd, 4 * n_embd], "h.0.mlp.c_fc.bias": [4 * n_embd],
    "h.0.mlp.c_proj.weight": [4 * n_embd, n_embd], "h.0.mlp.c_proj.bias": [n_embd],
    "ln_f.weight": [n_embd], "ln_f.bias": [n_embd],
  };
  const size = (shape) => shape.reduce((a, b) => a * b, 1);
  const tensors = Object.entries(shapes).map(([name, shape]) => [name, { dtype: "F32", shape, bytes: Buffer.alloc(4 * size(shape)) }]);
  const config = { model_type: "gpt2", n_layer: 1, n_head: 2, n_embd, n_positions, vocab_size };
  return { "config.json": Buffer.from(JSON.stringify(config)), "model.safetensors": write(Object.fromEntries(tensors)) };
}

const MODELS = {
  "circuits/tiny": { files: { "README.md": Buffer.from("#"), "config.json": CONFIG, "model.safetensors": WEIGHTS, "pytorch_model.bin": Buffer.alloc(10) } },
  "circuits/large": { files: large() },
  "circuits/gated": { gated: true, files: { "config.json": CONFIG, "model.safetensors": WEIGHTS } },
  "circuits/pickled": { files: { "config.json": CONFIG, "pytorch_model.bin": Buffer.alloc(10) } },
  "circuits/tagged": { revision: "v1.0", files: { "config.json": CONFIG, "model.safetensors": WEIGHTS } },
  "circuits/strange": { files: { "config.json": Buffer.from('{"model_type": "mamba"}'), "model.safetensors": WEIGHTS } },
  "circuits/huge": {
    files: {
      "config.json": Buffer.from(JSON.stringify({ model_type: "gpt2", n_layer: 1, n_head: 1, n_embd: 65536, n_positions: 16, vocab_size: 4000000 })),
      "model.safetensors": WEIGHTS,
    },
  },
};

await pageSuite("models of the hub", { anew: false }, ({ page, ui, server }) => {
  let hub;
  beforeEach(async () => {
    hub = await startHub(MODELS);
    await open();
  });
  afterEach(() => hub.close());

  const open = async () => {
    await ui.visit(`?hub=${hub.origin}`);
    await ui.section("model");
    await page.getByText("From Hugging Face").click();
  };
  const lookUp = async (name) => {
    await page.fill("#hub-model", name);
    await page.getByRole("button", { name: "Look up" }).click();
    await page.waitForSelector(".hub .found, .hub > .wrong");
  };
  const refusal = async (name) => {
    await lookUp(name);
    return page.textContent(".hub .wrong");
  };
  const button = (name) => page.getByRole("button", { name });
  const kept = () => page.locator(".kept li");
  const modelIsThere = (pattern) => ui.shows(".top .model", pattern);

  it("asks nothing of any host before a button is pressed", async () => {
    assert.deepEqual(hub.requests, []);
  });

  it("shows what would be fetched, fetches it, and opens it on the second visit without the hub", async () => {
    await lookUp("circuits/tiny");
    const files = await page.locator(".found li").allInnerTexts();
    assert.deepEqual(files.map((text) => text.split("\n")[0]), ["config.json", "model.safetensors"]);
    assert.match(await page.textContent(".found"), /Memory: .* of weights, the largest tensor/);
    assert.deepEqual(hub.requests.map(({ path }) => path.split("/").at(-1)), ["main", "config.json"]);
    await button(/^Download \d/).click();
    await modelIsThere(/^GPT-2 · 2 layers/);
    await kept().first().waitFor();
    const { n } = { n: hub.requests.length };
    assert.ok(hub.requests.every(({ path }) => !/README|\.bin/.test(path)));

    hub.close();
    await open();
    await button("Open", { exact: true }).click();
    await modelIsThere(/^GPT-2 · 2 layers/);
    assert.equal(hub.requests.length, n);
    const sizes = await page.locator("li.file .size").allInnerTexts();
    assert.ok(sizes.some((text) => text === `${(WEIGHTS.length / 1e3).toFixed(1)} kB`), `${sizes}`);

    await button("Remove circuits/tiny").click();
    await page.waitForFunction(() => document.querySelectorAll(".kept li").length === 0);
    await open();
    assert.deepEqual(await askHubWorker(page, { type: "kept" }), [{ type: "kept", models: [] }, []]);
    assert.equal(await kept().count(), 0);
  });

  it("is cancelled, and goes on where it stopped", async () => {
    Object.assign(hub, { pause: 500, pauseFrom: PIECE + 2 ** 20 });
    await lookUp("circuits/large");
    await button(/^Download \d/).click();
    await page.waitForFunction((piece) => document.querySelector(".fetching progress")?.value * 39e6 > piece, PIECE);
    await button("Cancel the download").click();
    await kept().first().waitFor();
    assert.match(await kept().first().innerText(), /33\.6 MB of 38\.\d MB/);
    assert.match(await page.textContent(".top .model"), /262 edges/, "the example stays");
    hub.pause = 0;
    hub.requests.length = 0;
    await button("Go on").click();
    await modelIsThere(/^GPT-2 · 1 layer/);
    assert.deepEqual(hub.requests.map(({ range }) => range), [`bytes=${PIECE}-`]);
    assert.match(await kept().first().innerText(), /^circuits\/large\s+38\.\d MB\s+Open/);
    await button("Remove circuits/large").click();
  });

  it("says when the connection breaks off, and takes no half of a file for the whole", async () => {
    hub.breaksAt = PIECE + 2 ** 20;
    await lookUp("circuits/large");
    await button(/^Download \d/).click();
    await page.waitForSelector(".hub > .wrong");
    assert.match(await page.textContent(".hub > .wrong"), /model\.safetensors: the connection broke off.*download again to go on/);
    assert.match(await page.textContent(".top .model"), /262 edges/, "the example stays");
    hub.breaksAt = Infinity;
    await lookUp("circuits/large");
    await button(/^Download the other/).click();
    await modelIsThere(/^GPT-2 · 1 layer/);
    await button("Remove circuits/large").click();
  });

  for (const [name, message] of [
    ["circuits/none", /circuits\/none: there is no public model of this name/],
    ["circuits/gated", /circuits\/gated\/config\.json: this model is gated/],
    ["circuits/pickled", /there is no safetensors file, only pytorch_model\.bin/],
    ["circuits/tagged@v2.0", /circuits\/tagged@v2\.0: there is no such branch, tag or commit/],
    ["circuits/strange", /config\.json: `model_type` should be one of .*mamba/],
    ["circuits/huge", /its largest tensor, `wte\.weight`, takes 1048\.58 GB as f32, but the engine's memory in a browser ends at 4\.29 GB/],
    ["two words", /expected a model's name, such as "EleutherAI\/pythia-70m"/],
    ["../../etc/passwd", /expected a model's name/],
    ["https://huggingface.co/datasets/glue", /this is the address of one of its datasets/],
  ]) {
    it(`says what is wrong with ${name}`, async () => {
      assert.match(await refusal(name), message);
      assert.equal(await page.locator(".found .primary").count(), 0);
      assert.ok(hub.requests.every(({ path }) => !path.endsWith("model.safetensors")));
    });
  }

  it("takes an address of the hub, with its revision", async () => {
    await lookUp("https://huggingface.co/circuits/tagged/tree/v1.0");
    assert.match(await page.textContent(".found .title"), /^circuits\/tagged at v1\.0, commit 0123456$/);
  });

  it("says when the hub cannot be reached", async () => {
    hub.close();
    assert.match(await refusal("circuits/tiny"), /could not be reached/);
  });

  it("says when there is no room", async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: server.origin, quotaSize: 20e6 });
    await lookUp("circuits/large");
    await button(/^Download \d/).click();
    await page.waitForSelector(".hub > .wrong");
    assert.match(await page.textContent(".hub > .wrong"), /circuits\/large: (39 MB are still to be fetched|this browser lets this site keep no more)/);
    await session.send("Storage.overrideQuotaForOrigin", { origin: server.origin });
  });

  it("is not offered in a page inside another, unless that one wants it", async () => {
    for (const [query, offered] of [["", 0], ["?hub=on", 1]]) {
      await page.goto(server.origin + BLANK);
      await page.setContent(`<iframe src="${SITE}${query}" style="width: 1200px; height: 800px"></iframe>`);
      const inside = page.frameLocator("iframe");
      await inside.locator("[data-section=model]").click();
      await inside.locator("#panel-model .files").waitFor();
      assert.equal(await inside.locator(".hub").count(), offered, query);
    }
  });

  it("is not asked at another address where the page is not of this computer", async () => {
    // The worker's own rule: a foreign address in the query is passed over.
    const base = await page.evaluate(async (site) => {
      const text = await (await fetch(`${site}module/hub-worker.js`)).text();
      const source = text.match(/function baseOf[\s\S]*?\n}\n/)[0];
      const make = (location) => new Function("self", "HUB", `${source}; return baseOf`)({ location: new URL(location) }, "hub");
      return [
        make("https://example.org/")("?hub=http://127.0.0.1:1"),
        make("http://localhost/")("?hub=https://evil.example"),
        make("http://localhost/")("?hub=on"),
        make("http://localhost/")("?hub=http://127.0.0.1:1"),
      ];
    }, server.origin + SITE);
    assert.deepEqual(base, ["hub", "hub", "hub", "http://127.0.0.1:1"]);
  });

  it("keeps models in Cache Storage, or for the visit, where there is no file system", async () => {
    const found = await page.evaluate(async (site) => {
      const use = async (query) => {
        const { openStore } = await import(`${site}module/store.js?${query}`);
        const store = await openStore();
        await store.write("a@1", "x.0", [new Uint8Array([1, 2]), new Uint8Array([3])]);
        await store.write("b@1", "x.0", [new Uint8Array(5)]);
        const sizes = [await store.size("a@1", "x.0"), await store.size("a@1", "x.1")];
        const bytes = [...new Uint8Array(await (await store.read("a@1", "x.0")).arrayBuffer())];
        await store.remove("a@1");
        const left = [(await store.keys()).filter((key) => /^[ab]@1$/.test(key)), await store.size("a@1", "x.0")];
        await store.remove("b@1");
        return { kind: store.constructor.name, keeps: store.keeps, sizes, bytes, left };
      };
      const results = [await use("files")];
      StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("no", "SecurityError"));
      results.push(await use("cache"));
      CacheStorage.prototype.open = () => Promise.reject(new DOMException("no", "SecurityError"));
      return [...results, await use("memory")];
    }, server.origin + SITE);
    const same = { sizes: [3, null], bytes: [1, 2, 3], left: [["b@1"], null] };
    assert.deepEqual(JSON.parse(JSON.stringify(found)), [
      { kind: "FileSystemStore", keeps: true, ...same },
      { kind: "CacheStore", keeps: true, ...same },
      { kind: "MemoryStore", keeps: false, ...same },
    ]);
  });

  describe("through the module", () => {
    const load = (options, files) => page.evaluate(async ({ options, files }) => {
      const { openEngine } = await tests.module();
      const engine = await openEngine({ device: "cpu", ...options });
      const labels = [];
      const onProgress = ({ label }) => labels.push(label);
      const outcome = await tests.outcome(engine.loadModel({ ...files, onProgress }));
      engine.close();
      return { ...outcome, labels };
    }, { options, files });

    it("are loaded where the author of the page allows it", async () => {
      const { value, labels } = await load({ hub: hub.origin }, { hub: "circuits/tiny" });
      assert.equal(value.config.n_layers, 2);
      assert.ok(labels.some((label) => label.startsWith("fetching model.safetensors")), `${labels}`);
      hub.requests.length = 0;
      const again = await load({ hub: hub.origin }, { hub: "circuits/tiny", revision: "main" });
      assert.equal(again.value.nParams, value.nParams);
      assert.deepEqual(hub.requests.map(({ path }) => path.split("/").at(-1)), ["main", "config.json"]);
      hub.close();
      assert.equal((await load({ hub: hub.origin }, { hub: "circuits/tiny" })).value.nParams, value.nParams);
    });

    it("are refused where the author did not", async () => {
      const { error } = await load({}, { hub: "circuits/tiny" });
      assert.match(error.message, /openEngine: `hub` should be true/);
      assert.deepEqual(hub.requests, []);
    });
  });
});
