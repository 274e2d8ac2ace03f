// The page's way to the hub: `hub.js` in a worker, so that fetching and writing never block the page.
//
// A message is `[{ id, request }, attachments]`, a reply `[{ id, event }, attachments]`; `crates/wire/src/hub.rs` says what they hold.

import { HUB, fetchModel, findModel, keptModels, openKept, parseRepo, recordOf, removeKept } from "./hub.js?v=__BUILD_ID__";

/** Progress is posted at most this often, in milliseconds. */
const PROGRESS_EVERY_MS = 100;
/** Models that were found, by key. */
const found = new Map();
/** What stops each call that is going on, by its number. */
const running = new Map();

/** For each request the event that answers it, and the files that go beside it. */
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
};

self.onmessage = ({ data: [{ id, request }] }) => {
  if (request.type === "cancel") running.get(request.id)?.abort();
  else answer(id, request);
};

async function answer(id, request) {
  const controller = new AbortController();
  const { signal } = controller;
  const post = (event, attachments = []) => self.postMessage([{ id, event }, attachments]);
  running.set(id, controller);
  try {
    if (!Object.hasOwn(calls, request.type)) throw new Error(`not a call that the hub knows: ${request.type}`);
    post(...(await calls[request.type](request, { signal, onProgress: throttled(post) })));
  } catch (error) {
    post(signal.aborted ? { type: "cancelled" } : { type: "failed", message: error?.message ?? String(error) });
  } finally {
    running.delete(id);
  }
}

/** Posts progress, but not too often. */
function throttled(post) {
  let postedAt = 0;
  return (progress) => {
    const now = performance.now();
    if (now - postedAt < PROGRESS_EVERY_MS && progress.done < progress.total) return;
    postedAt = now;
    post({ type: "progress", ...progress });
  };
}

/** The hub's address. Where the page is served from this computer, `?hub=http://localhost:…` names another, for tests. */
function baseOf(search) {
  const isLocal = (url) => ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const other = new URLSearchParams(search).get("hub");
  if (!isLocal(self.location) || !URL.canParse(other ?? "")) return HUB;
  const url = new URL(other);
  return isLocal(url) ? url.origin : HUB;
}
