// The page's way to the hub and to kept files: `hub.js` and `files.js` in a worker, so that fetching and writing never block the page.
//
// A message is `[{ id, request }, attachments]`, a reply `[{ id, event }, attachments]`; `crates/wire/src/hub.rs` says what they hold.

import { forgetFiles, recallFiles, rememberFiles, rememberedFiles } from "./files.js?v=__BUILD_ID__";
import { HUB, fetchModel, findModel, keptModels, openKept, parseRepo, recordOf, removeKept } from "./hub.js?v=__BUILD_ID__";

/** @import { HubEvent, HubRequest } from "./schema.js" */
/** @import { FoundModel, Watching } from "./hub.js" */
/** @typedef {(event: HubEvent, attachments?: File[]) => void} Post */
/**
 * For each request the event that answers it, and the files that go beside it.
 *
 * @typedef {{
 *   [Type in Exclude<HubRequest["type"], "cancel">]:
 *     (request: Extract<HubRequest, { type: Type }>, watching: Watching, attachments: Blob[]) => Promise<[event: HubEvent, attachments?: File[]]>
 * }} Calls
 */

/** Progress is posted at most this often, in milliseconds. */
const PROGRESS_EVERY_MS = 100;
/**
 * Models that were found, by key.
 *
 * @type {Map<string, FoundModel>}
 */
const found = new Map();
/**
 * What stops each call that is going on, by its number.
 *
 * @type {Map<number, AbortController>}
 */
const running = new Map();

/** @type {Calls} */
const calls = {
  async find({ text, search }, { signal }) {
    const model = await findModel(parseRepo(text), { base: baseOf(search), signal });
    found.set(model.key, model);
    return [{ type: "found", model }];
  },
  async fetch({ key }, { signal, onProgress }) {
    const model = found.get(key) ?? (await recordOf(key));
    if (!model) throw new Error("this model is not known any more: look it up again");
    return [{ type: "files" }, await fetchModel(model, { signal, onProgress })];
  },
  kept: async () => [{ type: "kept", models: await keptModels() }],
  open: async ({ key }) => [{ type: "files" }, await openKept(key)],
  async remove({ key }) {
    await removeKept(key);
    return [{ type: "kept", models: await keptModels() }];
  },
  remember: async ({ files }, _watching, blobs) => [{ type: "remembered", ...(await rememberFiles(files, blobs)) }],
  recall: async ({ files }) => [{ type: "files" }, await recallFiles(files)],
  remembered: async () => [{ type: "remembered", ...(await rememberedFiles()) }],
  forget: async () => [{ type: "remembered", ...(await forgetFiles()) }],
};

self.onmessage = ({ data: [{ id, request }, attachments] }) => {
  if (request.type === "cancel") running.get(request.id)?.abort();
  else answer(id, request, attachments);
};

/**
 * @param {number} id
 * @param {Exclude<HubRequest, { type: "cancel" }>} request
 * @param {Blob[]} attachments
 */
async function answer(id, request, attachments) {
  const controller = new AbortController();
  const { signal } = controller;
  /** @type {Post} */
  const post = (event, attachments = []) => self.postMessage([{ id, event }, attachments]);
  running.set(id, controller);
  try {
    if (!Object.hasOwn(calls, request.type)) throw new Error(`not a call that the hub knows: ${request.type}`);
    const call = /** @type {(request: HubRequest, watching: Watching, attachments: Blob[]) => ReturnType<Calls["find"]>} */ (calls[request.type]);
    post(...(await call(request, { signal, onProgress: throttled(post) }, attachments)));
  } catch (error) {
    post(signal.aborted ? { type: "cancelled" } : { type: "failed", message: error instanceof Error ? error.message : String(error) });
  } finally {
    running.delete(id);
  }
}

/**
 * Posts progress, but not too often.
 *
 * @param {Post} post
 * @returns {NonNullable<Watching["onProgress"]>}
 */
function throttled(post) {
  let postedAt = 0;
  return (progress) => {
    const now = performance.now();
    if (now - postedAt < PROGRESS_EVERY_MS && progress.done < progress.total) return;
    postedAt = now;
    post({ type: "progress", ...progress });
  };
}

/**
 * The hub's address. Where the page is served from this computer, `?hub=http://localhost:…` names another, for tests.
 *
 * @param {string} search
 */
function baseOf(search) {
  /** @type {(url: URL | WorkerLocation) => boolean} */
  const isLocal = (url) => ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const other = new URLSearchParams(search).get("hub") ?? "";
  if (!isLocal(self.location) || !URL.canParse(other)) return HUB;
  const url = new URL(other);
  return isLocal(url) ? url.origin : HUB;
}
