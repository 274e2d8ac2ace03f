// The page's way to the hub: `hub.js` in a worker, so that fetching and writing never block the page.
//
// A message is `{ call, ... }`; it is answered by any number of `{ progress }`, then by one `{ value }`, `{ error }` or
// `{ cancelled }`. `{ call: "cancel" }` stops the download that is going on, and is not answered itself.

import { HUB, fetchModel, findModel, keptModels, openKept, parseRepo, recordOf, removeKept } from "./hub.js?v=__BUILD_ID__";

/** Progress is told at most this often, in milliseconds. */
const TELL_MS = 100;
/** Models that were found, by key. */
const found = new Map();
let running = new AbortController();

const calls = {
  async find({ text, search }) {
    const model = await findModel(parseRepo(text), { base: baseOf(search), signal: running.signal });
    found.set(model.key, model);
    return model;
  },
  async fetch({ key, tell }) {
    const model = found.get(key) ?? (await recordOf(key));
    if (!model) throw new Error("this model is not known any more: look it up again");
    let toldAt = 0;
    const onProgress = (progress) => {
      const now = performance.now();
      if (now - toldAt < TELL_MS && progress.done < progress.total) return;
      toldAt = now;
      tell(progress);
    };
    return { files: await fetchModel(model, { signal: running.signal, onProgress }) };
  },
  kept: async () => ({ models: await keptModels() }),
  open: async ({ key }) => ({ files: await openKept(key) }),
  async remove({ key }) {
    await removeKept(key);
    return { models: await keptModels() };
  },
};

self.onmessage = async ({ data: { call, ...options } }) => {
  if (call === "cancel") return running.abort();
  if (call === "find" || call === "fetch") running = new AbortController();
  const { signal } = running;
  try {
    self.postMessage({ value: await calls[call]({ ...options, tell: (progress) => self.postMessage({ progress }) }) });
  } catch (error) {
    self.postMessage(signal.aborted ? { cancelled: true } : { error: error?.message ?? String(error) });
  }
};

/** The hub's address. Where the page is served from this computer, `?hub=http://localhost:…` names another, for tests. */
function baseOf(search) {
  const isLocal = (url) => ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const other = new URLSearchParams(search).get("hub");
  if (!isLocal(self.location) || !URL.canParse(other ?? "")) return HUB;
  const url = new URL(other);
  return isLocal(url) ? url.origin : HUB;
}
