// What a circuit costs in Chromium, through the page's module, and what a redraw costs in the page.
//
//     cargo bench                               (once: it writes the models of random weights; see MODELS below)
//     cargo xtask build
//     CIRCUITSCOPE_NODE_MODULES=<folder of playwright-core> node benches/browser.mjs [cpu] [webgpu] [heap] [page] [tasks] [gpt2-case|4-layer|gpt2-small|smollm2 ...]
//
// MODELS names the folder with the models, which `cargo bench` writes below the target directory (`tmp`).
// Times are of one run, in turns, and printed beside a plain forward pass of the same batch in the same run.

import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { openBrowser } from "../tests/web/support/browser.mjs";
import { GPT2_SMALL, MANY_EDGES, randomModel } from "../tests/web/support/random_model.mjs";
import { BLANK, SITE, cases } from "../tests/web/support/server.mjs";

const MODELS = process.env.MODELS ?? path.join(process.env.CARGO_TARGET_DIR ?? "target", "tmp");
const SHAPES = [
  { name: "gpt2-case", dir: path.join(cases, "gpt2"), batch: 2, seq: 6, repeats: 15, webgpu: true },
  { name: "4-layer", dir: path.join(MODELS, "4-layer"), batch: 8, seq: 16, repeats: 5, webgpu: true },
  // Software WebGPU would take minutes a pass.
  { name: "gpt2-small", dir: path.join(MODELS, "gpt2-small"), batch: 8, seq: 16, repeats: 1, webgpu: false },
  { name: "smollm2", dir: path.join(MODELS, "smollm2"), batch: 16, seq: 15, repeats: 1, webgpu: false },
];
const N_CIRCUITS = 20;

// Counts the engine's dispatches and sees its heap, then starts it as it is.
const SPY = `
let memory, dispatches = 0;
for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    memory = (result.instance ?? result).exports.memory;
    return result;
  };
}
const encoder = self.GPUComputePassEncoder?.prototype;
for (const name of encoder ? ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"] : []) {
  const original = encoder[name];
  encoder[name] = function (...args) {
    dispatches += 1;
    return original.apply(this, args);
  };
}
const channel = new BroadcastChannel("spy");
channel.onmessage = () => channel.postMessage({ dispatches, heap: memory?.buffer.byteLength ?? 0 });
`;

const args = process.argv.slice(2);
const wants = (name, among) => !args.some((arg) => among.includes(arg)) || args.includes(name);
const KINDS = ["cpu", "webgpu", "heap", "page", "tasks"];
const NAMES = SHAPES.map(({ name }) => name);

for (const device of ["cpu", "webgpu"]) {
  if (!wants(device, KINDS)) continue;
  for (const shape of SHAPES) {
    if (!wants(shape.name, NAMES) || (device === "webgpu" && !shape.webgpu)) continue;
    if (existsSync(path.join(shape.dir, "model.safetensors"))) await measureModule(device, shape);
    else console.log(`\n${shape.name}: no model in ${shape.dir}; \`cargo bench\` makes it`);
  }
}
if (wants("heap", KINDS)) {
  const dir = path.join(MODELS, "gpt2-small");
  if (existsSync(path.join(dir, "model.safetensors"))) for (const device of ["cpu", "webgpu"]) await measureHeap(device, dir);
  else console.log(`\nheap: no model in ${dir}; \`cargo bench\` makes it`);
}
if (wants("page", KINDS)) await measurePage();
if (wants("tasks", KINDS)) await measureTasks();

/** Prints what one model costs on one device. */
async function measureModule(device, shape) {
  const browser = await openBrowser(BLANK);
  const { server, page } = browser;
  server.add(`${SITE}spy.js`, SPY);
  server.add(`${SITE}spied-worker.js`, 'import "./spy.js";\nimport "./engine-worker.js";\n');
  server.add(`${SITE}in_page.js`, readFileSync(new URL("./in_page.js", import.meta.url)));
  await page.setContent('<input type="file" multiple>');
  await page.setInputFiles("input", ["config.json", "model.safetensors"].map((name) => path.join(shape.dir, name)));
  const found = await page.evaluate(runInPage, { device, shape, nCircuits: N_CIRCUITS, site: server.origin + SITE });
  await browser.close();
  const { nEdges, plain, sweep, half, eap, dispatches, heap } = found;
  console.log(`\n${shape.name} in Chromium on ${found.device}: ${nEdges} edges, batch ${shape.batch} x ${shape.seq} tokens`);
  const row = (what, ms) => console.log(`  ${what.padEnd(44)} ${ms.toFixed(2).padStart(10)} ms ${(ms / plain).toFixed(2).padStart(7)} plain passes`);
  row("plain pass (half of both unpatched runs)", plain);
  row(`circuit in a sweep of ${N_CIRCUITS}, 1 to ${nEdges} edges`, sweep);
  row("circuit of half of all edges, run alone", half);
  row("edge attribution patching (EAP)", eap);
  if (device === "webgpu") console.log(`  dispatches: ${dispatches.plain} a plain pass, ${dispatches.half} a pass with half of all edges patched`);
  console.log(`  wasm heap: ${heap.start} MiB at the start, ${heap.loaded} MiB with the model, ${heap.end} MiB at the end`);
}

/**
 * Prints by how much a model of GPT-2 small's shape lets the engine's heap grow, while it is loaded and in a run of one short
 * prompt, and whether that is within what is allowed: the largest tensor and 64 MiB, on the CPU beside the weights themselves.
 */
async function measureHeap(device, dir) {
  const { page, server, close } = await openBrowser(BLANK);
  server.add(`${SITE}spy.js`, SPY);
  server.add(`${SITE}spied-worker.js`, 'import "./spy.js";\nimport "./engine-worker.js";\n');
  server.add(`${SITE}in_page.js`, readFileSync(new URL("./in_page.js", import.meta.url)));
  await page.setContent('<input type="file" multiple>');
  await page.setInputFiles("input", ["config.json", "model.safetensors"].map((name) => path.join(dir, name)));
  const { heap, ...found } = await page.evaluate(runForHeap, { device, site: server.origin + SITE });
  await close();
  const MIB = 2 ** 20;
  const { weights, largest } = tensorSizes(path.join(dir, "model.safetensors"));
  const allowed = (device === "cpu" ? weights : 0) + largest + 64 * MIB;
  console.log(`\nheap, GPT-2 small's shape on ${found.device}: weights ${(weights / MIB).toFixed(0)} MiB, largest tensor ${(largest / MIB).toFixed(0)} MiB`);
  for (const [what, bytes] of [["with the model", heap.loaded], ["after a run of one prompt", heap.run]]) {
    const growth = bytes - heap.start;
    const verdict = growth <= allowed ? "holds" : "DOES NOT HOLD";
    console.log(`  ${what.padEnd(28)} grown by ${(growth / MIB).toFixed(0).padStart(4)} MiB, at most ${(allowed / MIB).toFixed(0)} allowed: ${verdict}`);
    if (growth > allowed) process.exitCode = 1;
  }
  console.log(`  loaded in ${(found.loadMs / 1000).toFixed(1)} s`);
}

/** The bytes of all tensors of a safetensors file of f32 numbers, and of the largest. */
function tensorSizes(file) {
  const start = Buffer.alloc(8);
  const descriptor = openSync(file);
  readSync(descriptor, start, 0, 8, 0);
  const header = Buffer.alloc(Number(start.readBigUInt64LE()));
  readSync(descriptor, header, 0, header.length, 8);
  closeSync(descriptor);
  const tensors = Object.entries(JSON.parse(header)).filter(([name]) => name !== "__metadata__");
  const sizes = tensors.map(([, { data_offsets: [from, to] }]) => to - from);
  return { weights: sizes.reduce((a, b) => a + b, 0), largest: Math.max(...sizes) };
}

/** Loads the model and runs one prompt, in the page. */
async function runForHeap({ device, site }) {
  const { openEngine } = await import(`${site}circuitscope.js`);
  const engine = await openEngine({ device, workers: 1, workerUrl: `${site}spied-worker.js` });
  const channel = new BroadcastChannel("spy");
  const spy = () => new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data.heap);
    channel.postMessage("tell");
  });
  const heap = { start: await spy() };
  const files = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
  const start = performance.now();
  await engine.loadModel({ config: files["config.json"], weights: files["model.safetensors"] });
  const loadMs = performance.now() - start;
  heap.loaded = await spy();
  // No edges: scores of the right shapes, all zero, and the empty circuit.
  const { masks } = await engine.graph();
  let end = 0;
  const header = {};
  for (const [name, shape] of Object.entries(masks)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, (end += 4 * shape.reduce((a, b) => a * b, 1))] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const scores = new Uint8Array(8 + text.length + end);
  new DataView(scores.buffer).setBigUint64(0, BigInt(text.length), true);
  scores.set(text, 8);
  const prompts = { prompts: [{ clean: [464, 3290, 318], corrupt: [464, 3797, 318], answers: [1], wrong_answers: [2] }] };
  await engine.runCircuits({ prompts, scores, edgeCounts: [0] });
  heap.run = await spy();
  const name = `${engine.device.kind} (${engine.device.name})`;
  engine.close();
  return { heap, loadMs, device: name };
}

/** Everything that is timed, in the page. */
async function runInPage({ device, shape, nCircuits, site }) {
  const [{ openEngine }, { generator, logSpaced, middle, randomPrompts, randomScores }] =
    await Promise.all(["circuitscope.js", "in_page.js"].map((file) => import(`${site}${file}`)));
  const engine = await openEngine({ device, workers: 1, workerUrl: `${site}spied-worker.js` });
  const channel = new BroadcastChannel("spy");
  const spy = () => new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
    channel.postMessage("tell");
  });
  const mib = async () => Math.round((await spy()).heap / 2 ** 20);
  const heap = { start: await mib() };
  const files = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
  const { config } = await engine.loadModel({ config: files["config.json"], weights: files["model.safetensors"] });
  heap.loaded = await mib();
  const graph = await engine.graph();
  const random = generator();
  const newPrompts = () => randomPrompts(random, config, shape.batch, shape.seq);
  let prompts = newPrompts();
  const scores = randomScores(random, graph);
  const run = (edgeCounts) => engine.runCircuits({ prompts, scores, batchSize: shape.batch, edgeCounts });
  const discover = () => engine.discover({ prompts, batchSize: shape.batch, algorithm: "eap" });

  const counts = logSpaced(graph.nEdges, nCircuits);
  const half = [Math.floor(graph.nEdges / 2)];
  // With new prompts the unpatched model is run first, on the clean and on the corrupt ones; it is the empty circuit, too.
  const tasks = {
    plain: { act: () => run([0]), n: 2, renew: true },
    sweep: { act: () => run(counts), n: nCircuits, renew: true },
    half: { act: () => run(half), n: 1 },
    eap: { act: discover, n: 1, renew: true },
  };
  const times = { plain: [], sweep: [], half: [], eap: [] };
  const dispatches = {};
  for (let turn = 0; turn <= shape.repeats; turn++) {
    for (const [name, { act, n, renew }] of Object.entries(tasks)) {
      if (renew) prompts = newPrompts();
      const before = (await spy()).dispatches;
      const start = performance.now();
      await act();
      // The first turn warms up.
      if (turn > 0) times[name].push((performance.now() - start) / n);
      dispatches[name] = Math.round(((await spy()).dispatches - before) / n);
    }
  }
  heap.end = await mib();
  const result = { nEdges: graph.nEdges, ...Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, middle(ms)])) };
  const name = `${engine.device.kind} (${engine.device.name})`;
  engine.close();
  return { ...result, dispatches, heap, device: name };
}

/** Prints what a step of the cursor costs in the page, and the longest task of its main thread during a run on the CPU. */
async function measurePage() {
  const browser = await openBrowser(SITE);
  const { page } = browser;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.waitForSelector(".cs-drawing .nd");
  await openSection(page, "model");
  await drop(page, randomModel(GPT2_SMALL));
  await allReady(page);
  await page.keyboard.press("Escape");
  // No engine while steps are timed: it would run each circuit on the same cores.
  await page.route("**/engine-worker.js*", (route) => route.abort());
  const handle = page.locator("[data-strip-handle]");
  for (const [edges, view] of [[300, null], [2000, null], [2000, "Heads apart"]]) {
    await handle.focus();
    await page.keyboard.type(String(edges));
    await page.keyboard.press("Enter");
    if (view !== null) await page.getByRole("button", { name: view }).click();
    await page.waitForTimeout(500);
    const { drawn, scripts, all, rest } = await page.evaluate(timeSteps);
    const row = (times) => `median ${times.median.toFixed(1)} ms, 95th percentile ${times.p95.toFixed(1)} ms`;
    console.log(`\nthe page: a step at ${edges} of 32,491 edges${view === null ? "" : `, ${view.toLowerCase()}`} (${drawn} ribbons drawn)`);
    console.log(`  scripts ${row(scripts)}; with style and layout ${row(all)}`);
    if (rest > 0) console.log(`  once, when the cursor rests: each ribbon an element of its own, in ${rest.toFixed(1)} ms with style and layout`);
  }
  await page.unroute("**/engine-worker.js*");
  await openSection(page, "settings");
  await page.selectOption("#device", "CPU");
  await page.keyboard.press("Escape");
  await page.evaluate(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
  });
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForFunction(() => /Done/.test(document.querySelector(".status").textContent), null, { timeout: 300_000 });
  const tasks = await page.evaluate(() => window.tasks);
  console.log(`the page: main-thread tasks over 50 ms during a run: ${tasks.length === 0 ? "none" : tasks.join(", ")}`);
  await browser.close();
}

/** Moves the cursor to and fro, and times each step until the drawing has changed and is laid out. Runs in the page. */
async function timeSteps() {
  const N_STEPS = 40;
  const handle = document.querySelector("[data-strip-handle]");
  const room = document.querySelector(".room");
  const step = async (key) => {
    let scripts = 0, all = 0;
    const start = performance.now();
    // Yew renders in microtasks: the last change of the drawing ends the scripts' part.
    const observer = new MutationObserver(() => {
      scripts = performance.now() - start;
      room.querySelector("svg").getBoundingClientRect();
      all = performance.now() - start;
    });
    observer.observe(room, { subtree: true, childList: true, attributes: true });
    handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await new Promise((go) => setTimeout(go, 50));
    observer.disconnect();
    return { scripts, all };
  };
  const steps = [];
  for (let i = 0; i < N_STEPS; i++) steps.push(await step(i % 2 ? "ArrowLeft" : "ArrowRight"));
  const of = (times) => {
    const sorted = times.sort((a, b) => a - b);
    return { median: sorted[Math.floor(sorted.length / 2)], p95: sorted[Math.ceil(0.95 * sorted.length) - 1] };
  };
  // Many ribbons are few paths as long as the cursor moves.
  let rest = 0;
  if (room.querySelector(".merged")) {
    const { set } = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
    rest = await new Promise((done) => {
      Object.defineProperty(room.querySelector("svg"), "innerHTML", {
        set(markup) {
          const start = performance.now();
          set.call(this, markup);
          this.getBoundingClientRect();
          done(performance.now() - start);
        },
        configurable: true,
      });
    });
    delete room.querySelector("svg").innerHTML;
  }
  const drawn = room.querySelectorAll("[data-edge]").length;
  return { drawn, rest, scripts: of(steps.map((s) => s.scripts)), all: of(steps.map((s) => s.all)) };
}

/** Prints the longest task of the page's main thread at each step of working with a graph of 416,000 edges. */
async function measureTasks() {
  const browser = await openBrowser(SITE);
  const { page } = browser;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.waitForSelector(".cs-drawing .nd");
  await page.evaluate(() => {
    window.tasks = [];
    window.longTasks = new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration)));
    window.longTasks.observe({ type: "longtask" });
  });
  console.log("\nthe page with 416,000 edges: tasks of the main thread over 50 ms");
  const step = async (name, act) => {
    await act();
    // Until nothing follows any more; what is still in the observer's queue counts as well.
    const tasks = await page.evaluate(async () => {
      await new Promise((go) => setTimeout(go, 1500));
      window.tasks.push(...window.longTasks.takeRecords().map((e) => e.duration));
      return window.tasks.splice(0).map(Math.round);
    });
    console.log(`  ${name.padEnd(44)} ${tasks.length === 0 ? "none" : `${tasks.join(", ")} ms`}`);
  };
  const [weights, config, prompts, scores] = randomModel(MANY_EDGES);
  const dir = mkdtempSync(path.join(tmpdir(), "circuitscope-"));
  const button = (name) => page.getByRole("button", { name }).first().click();
  await openSection(page, "model");
  await step("weights, config and prompts are chosen", () => choose(page, dir, [weights, config, prompts]));
  await step("scores are chosen", async () => {
    await choose(page, dir, [scores]);
    await allReady(page);
  });
  const slider = page.locator("[data-strip-handle]");
  await step("the cursor is moved by 20 steps", async () => {
    await slider.focus();
    for (let i = 0; i < 20; i++) await page.keyboard.press(i % 2 ? "ArrowLeft" : "ArrowRight");
  });
  await step("the cursor is moved to all edges", () => page.keyboard.press("End"));
  await step("the cursor is moved to none", () => page.keyboard.press("Home"));
  await openSection(page, "settings");
  await step("a batch size is typed", () => page.fill("#batch-size", "2"));
  await step("an ablation is chosen", () => page.selectOption("#ablation", "zero"));
  await step("the search is opened", () => openSection(page, "find"));
  const algorithms = await page.locator("#find-algorithm option").allInnerTexts();
  for (const name of algorithms) await step(`algorithm: ${name}`, () => page.selectOption("#find-algorithm", name));
  await openSection(page, "scores");
  await page.getByText("Keep only some edges of these scores").click();
  const selections = await page.locator("#keep-selection option").allInnerTexts();
  for (const name of selections) {
    await page.selectOption("#keep-selection", name);
    await page.fill("#keep-count", "100000");
    await step(`100,000 edges are kept: ${name}`, () => button("Make these scores"));
  }
  await step("the cursor is moved to all edges", async () => {
    await slider.focus();
    await page.keyboard.press("End");
  });
  await page.locator("#tab-compare").click();
  await step("the shown circuit is taken as the official", () => button("Take the shown one"));
  await openSection(page, "settings");
  await step("nodes are chosen", () => page.selectOption("#graph", { index: 1 }));
  await browser.close();
  rmSync(dir, { recursive: true });
}

/** Opens a line of the rail, unless it is open. */
async function openSection(page, section) {
  const line = page.locator(`[data-section="${section}"]`);
  if ((await line.getAttribute("aria-expanded")) === "false") await line.click();
}

/** Drops files, `{ name, base64 }`. */
async function drop(page, files) {
  await page.evaluate(async (files) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of files) {
      transfer.items.add(new File([await (await fetch(`data:;base64,${base64}`)).blob()], name));
    }
    const target = document.querySelector(".page");
    target.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, files);
}

/** Chooses files, `{ name, base64 }`, in the dialog: no script of the page's has to make them. */
async function choose(page, dir, files) {
  const paths = files.map(({ name, base64 }) => {
    writeFileSync(path.join(dir, name), Buffer.from(base64, "base64"));
    return path.join(dir, name);
  });
  await page.locator(".files input[type=file]:not([webkitdirectory])").setInputFiles(paths);
  await page.waitForFunction((name) => document.querySelector(".files").textContent.includes(name), files.at(-1).name);
}

async function allReady(page) {
  await page.waitForFunction(() => document.querySelectorAll('li.file .state[aria-label="ready"]').length === 4);
}
