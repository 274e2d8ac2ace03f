// Live runs of figures: one engine for all figures of a page, which is let go when none of them is near the screen.

import { openEngine } from "../circuitscope.js?v=__BUILD_ID__";
import { fetchBytes } from "./fetching.js?v=__BUILD_ID__";

/** @import { DeviceChoice, Engine, Progress, RunOptions } from "../circuitscope.js" */

/** An engine that no figure near the screen uses is closed after this time, in milliseconds. */
const IDLE_MS = 30_000;

/**
 * A file of a figure, as `crates/core/src/figure_file/files.rs` has it.
 *
 * @typedef {{ url?: string, bytes?: number, sha256?: string, inline?: { json: unknown } | { base64: string } }} FigureRef
 */
/**
 * What `Figure.plan` of the viewer gives.
 *
 * @typedef {{
 *   files: { config: FigureRef, weights?: FigureRef[], index?: FigureRef, tokenizer?: FigureRef, tokenizerConfig?: FigureRef, prompts?: FigureRef, scores?: FigureRef },
 *   run: Omit<RunOptions, "prompts"> & { edgeCounts: unknown }, prompts: object | null, isMask: boolean, counts: number[], shown: number,
 *   measured: boolean, hasRun: boolean, otherHosts: string[],
 * }} Plan
 */
/**
 * @typedef {{
 *   user: object, figure: import("../viewer.js").Figure, base: string, device: string, workerUrl: string | undefined, signal: AbortSignal,
 *   metricKeys: [string, string][], onProgress: (progress: Progress) => void,
 * }} Run
 */

/**
 * The page's engine: which device it was asked for, the figure whose model is loaded, and who uses it.
 *
 * @type {{ engine: Promise<Engine>, key: string, model: string, near: Set<object>, users: Set<object> } | null}
 */
let shared = null;
/** Runs follow each other: the engine has one model. @type {Promise<unknown>} */
let last = Promise.resolve();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let idle;

/**
 * Runs the recorded circuits of a figure and the one that is shown; once they are known, the one that is shown alone.
 *
 * @param {Run} run
 */
export function run(run) {
  const next = last.then(() => runNow(run));
  last = next.catch(() => {});
  return next;
}

/** Says whether a figure is near the screen. @param {object} user @param {boolean} on */
export function visible(user, on) {
  if (!shared?.users.has(user)) return;
  if (on) shared.near.add(user);
  else shared.near.delete(user);
  closeIfIdle(IDLE_MS);
}

/** A figure is gone. @param {object} user */
export function release(user) {
  if (!shared?.users.delete(user)) return;
  shared.near.delete(user);
  closeIfIdle(shared.users.size === 0 ? 0 : IDLE_MS);
}

/** @param {number} ms */
function closeIfIdle(ms) {
  clearTimeout(idle);
  if (shared && shared.near.size === 0) idle = setTimeout(close, ms);
}

function close() {
  shared?.engine.then((engine) => engine.close(), () => {});
  shared = null;
}

/** @param {Run} run */
async function runNow(run) {
  const { figure, base, signal, onProgress } = run;
  signal.throwIfAborted();
  const plan = /** @type {Plan} */ (JSON.parse(figure.plan(base)));
  askForHosts(run.user, plan.otherHosts);
  /** @param {Progress} progress */
  const say = (progress) => {
    if (signal.aborted) return;
    figure.setStatus(JSON.stringify({ state: "running", label: progress.label, done: progress.done, total: progress.total }));
    onProgress(progress);
  };
  say({ label: "Starting the engine", done: 0, total: 0 });
  const engine = await engineFor(run);
  signal.throwIfAborted();
  await loadModel(engine, plan, run, say);
  const counts = plan.hasRun ? [plan.shown] : [...new Set([...plan.counts, plan.shown])].sort((a, b) => a - b);
  const result = await engine.runCircuits({
    ...plan.run, ...(await runFiles(plan, run, say)), edgeCounts: counts, signal,
    onProgress: (progress) => say({ ...progress, label: "Running" }),
  });
  const circuits = result.circuits.map(({ requested, edges, threshold, metrics, spread }) => ({
    circuit: { requested, nEdges: edges, threshold },
    measurement: Object.fromEntries(run.metricKeys.flatMap(([key, name]) => {
      const [mean, rest] = [metrics[/** @type {keyof typeof metrics} */ (key)], spread[/** @type {keyof typeof spread} */ (key)]];
      return mean === null || rest === null ? [] : [[name, { mean, ...rest }]];
    })),
  }));
  signal.throwIfAborted();
  const { kind, name } = engine.device;
  figure.addResults(JSON.stringify({ device: kind === "cpu" ? "CPU" : name || "WebGPU", circuits }));
  figure.setStatus('{"state":"idle"}');
}

/** What a run is given up with that has to ask hosts to which the reader has not agreed by name. */
export class Asks extends Error {}

/** The hosts to which the reader agreed. @type {Set<string>} */
const agreed = new Set();
/** The hosts to which each figure asks the reader to agree. @type {WeakMap<object, string[]>} */
const asked = new WeakMap();

/**
 * @param {object} user
 * @param {string[]} hosts
 */
function askForHosts(user, hosts) {
  const unknown = hosts.filter((host) => !agreed.has(host));
  if (unknown.length === 0) return;
  asked.set(user, unknown);
  throw new Asks(`This figure's files are at ${unknown.join(", ")}, which will see your address as that of any visitor.`);
}

/** The reader agrees to what a figure asked. @param {object} user */
export function agree(user) {
  for (const host of asked.get(user) ?? []) agreed.add(host);
}

/** @param {Run} run */
function engineFor({ user, device, workerUrl }) {
  clearTimeout(idle);
  const key = `${device} ${workerUrl ?? ""}`;
  if (shared?.key !== key) {
    const users = shared?.users ?? new Set();
    close();
    // A figure is a guest in the page: one worker for all of them.
    const options = { device: /** @type {DeviceChoice} */ (device), workers: 1, ...(workerUrl ? { workerUrl } : {}) };
    const engine = openEngine(options);
    shared = { engine, key, model: "", near: new Set(), users };
    engine.catch(() => {
      if (shared?.engine === engine) shared = null;
    });
  }
  shared.users.add(user);
  shared.near.add(user);
  return shared.engine;
}

/**
 * @param {Engine} engine
 * @param {Plan} plan
 * @param {Run} run
 * @param {(progress: Progress) => void} say
 */
async function loadModel(engine, { files, prompts }, { base, signal }, say) {
  if (shared?.model === base) return;
  if (!files.weights?.length) throw new Error("this figure has no weights: it can be looked at, but not run");
  const get = (/** @type {FigureRef} */ file) => fetched(file, base, signal, say);
  const [config, weights] = [await get(files.config), await Promise.all(files.weights.map(get))];
  // Prompts that the figure has as tokens need no tokenizer.
  const tokenizer = !prompts && files.tokenizer ? await get(files.tokenizer) : undefined;
  const tokenizerConfig = tokenizer && files.tokenizerConfig ? await get(files.tokenizerConfig) : undefined;
  const index = files.index ? await get(files.index) : undefined;
  await engine.loadModel({
    config, weights: index ? { index, files: weights } : weights, signal,
    ...(tokenizer ? { tokenizer } : {}), ...(tokenizerConfig ? { tokenizerConfig } : {}),
    onProgress: (progress) => say({ ...progress, label: "Loading the model" }),
  });
  if (shared) shared.model = base;
}

/**
 * @param {Plan} plan
 * @param {Run} run
 * @param {(progress: Progress) => void} say
 */
async function runFiles({ files, prompts, isMask }, { figure, base, signal }, say) {
  if (!prompts && !files.prompts) throw new Error("this figure has no prompts: it can be looked at, but not run");
  const scores = files.scores ? await fetched(files.scores, base, signal, say) : JSON.parse(figure.edgeScores());
  return {
    prompts: prompts ?? (await fetched(/** @type {FigureRef} */ (files.prompts), base, signal, say)),
    ...(isMask ? { mask: scores } : { scores }),
  };
}

/**
 * A file of a figure, checked against the size and the hash that the figure has for it.
 *
 * @param {FigureRef} file
 * @param {string} base
 * @param {AbortSignal} signal
 * @param {(progress: Progress) => void} say
 */
async function fetched({ url, bytes, sha256, inline }, base, signal, say) {
  if (inline && "json" in inline) return new File([JSON.stringify(inline.json)], "config.json");
  if (inline) return new File([Uint8Array.from(atob(inline.base64), (c) => c.charCodeAt(0))], url?.split("/").at(-1) ?? "file");
  const absolute = new URL(/** @type {string} */ (url), base);
  const name = absolute.pathname.split("/").at(-1) ?? "file";
  const data = await fetchBytes(absolute.href, {
    signal, what: "the file", most: bytes ?? 0, tooLarge: `${name}: larger than the ${bytes} bytes that the figure says: another file lies there`,
    onBytes: (done) => say({ label: `Fetching ${name}`, done, total: bytes ?? 0 }),
  });
  if (bytes !== undefined && data.byteLength !== bytes) {
    throw new Error(`${name}: should be ${bytes} bytes, as the figure says, found ${data.byteLength}: another file lies there`);
  }
  // Browsers compute hashes on secure pages only.
  if (sha256 && globalThis.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (found !== sha256) throw new Error(`${name}: its SHA-256 is not the one that the figure has: another file lies there. It is not used`);
  }
  return new File([data], name);
}
