// Models of the Hugging Face hub: found, fetched by the reader's own browser, and kept there.
//
// Nothing here runs until a reader, or the author of a page, asks for it. The hub's addresses are public and open to other
// sites (CORS): `/api/models/ID/revision/REVISION?blobs=true` lists the files of a repository with their sizes,
// `/ID/resolve/COMMIT/FILE` gives one. Files are asked for by the commit that the list was of, so that what arrives in two
// visits belongs together.
//
// A model is kept in pieces, each written whole and counted only at its full size: what broke off goes on at the first piece
// that is not there, and no half of a file is ever taken for the whole.

import { openStore } from "./store.js?v=__BUILD_ID__";

/** @import { Store } from "./store.js" */

/**
 * A model of the hub, as its list of files names it.
 *
 * @typedef {{ base: string, id: string, revision: string, commit: string, files: HubFile[], bytes: number }} Model
 */
/** @typedef {{ name: string, bytes: number }} HubFile */
/**
 * A model that was looked up: `key` names it among the kept models, `keeps` says whether this browser keeps anything.
 *
 * @typedef {Model & { key: string, config: { name: string, text: string }, keptBytes: number, keeps: boolean }} FoundModel
 */
/** @typedef {Model & { date: string, complete: boolean }} ModelRecord What describes a kept model. */
/** @typedef {ModelRecord & { key: string, keptBytes: number }} KeptModel */
/** @typedef {(name: string, chunks: Uint8Array<ArrayBuffer>[]) => Promise<void>} Write */
/** @typedef {{ signal?: AbortSignal | undefined, onProgress?: ((progress: { done: number, total: number, file: string }) => void) | undefined }} Watching */

/** The hub's own address. */
export const HUB = "https://huggingface.co";
/** Pieces are this long; of the piece that is arriving, all is in memory. */
const PIECE_BYTES = 32 * 2 ** 20;
/** Configs are some kilobytes. */
const MAX_CONFIG_BYTES = 2 ** 20;
/** What describes a kept model. */
const RECORD = "model.json";
const CONFIGS = ["config.json", "tl_config.json"];
const INDEX = "model.safetensors.index.json";
const TOKENIZER = ["tokenizer.json", "tokenizer_config.json"];
const SHARD = /^(.+)-\d{5}-of-\d{5}\.safetensors$/;

/**
 * What a person typed: `owner/name`, `owner/name@revision`, or the address of a model's page or file.
 *
 * @param {unknown} text
 * @param {string} [revision]
 * @returns {{ id: string, revision: string }}
 */
export function parseRepo(text, revision) {
  const typed = String(text).trim();
  const expected = 'expected a model\'s name, such as "EleutherAI/pythia-70m", with "@revision" or without, or its address on the hub';
  const wrong = () => new Error(`${expected}; found ${JSON.stringify(typed.slice(0, 100))}`);
  let [id, given] = typed.split("@");
  const address = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/+(.*)$/i.exec(typed);
  if (address) {
    const parts = address[1].split(/[?#]/)[0].split("/").filter(Boolean).map(decodeURIComponent);
    if (["datasets", "spaces"].includes(parts[0])) throw new Error(`${expected}; this is the address of one of its ${parts[0]}`);
    const at = parts.findIndex((part) => ["tree", "blob", "resolve"].includes(part));
    id = parts.slice(0, at === -1 ? 2 : at).join("/");
    // A revision in an address may have slashes of its own only where it is a pull request's.
    if (at !== -1) given = parts[at + 1] === "refs" ? parts.slice(at + 1, at + 4).join("/") : parts[at + 1];
  } else if (typed.includes("://") || typed.split("@").length > 2) throw wrong();
  const name = /^(?!\.)[\w.-]{1,96}$/;
  const names = id.split("/");
  if (names.length > 2 || !names.every((part) => name.test(part) && !part.includes(".."))) throw wrong();
  given = revision ?? given ?? "main";
  if (!/^(?!\/)[\w./-]{1,200}$/.test(given) || given.includes("..")) throw new Error(`expected a branch, a tag or a commit, found the revision ${JSON.stringify(given)}`);
  return { id, revision: given };
}

/**
 * Asks the hub for a model: which files would be fetched and how large they are, and its config. Nothing else is fetched.
 *
 * @param {{ id: string, revision: string }} repo
 * @param {{ base?: string, signal?: AbortSignal | undefined }} [options]
 * @returns {Promise<FoundModel>}
 */
export async function findModel({ id, revision }, { base = HUB, signal } = {}) {
  const what = revision === "main" ? id : `${id}@${revision}`;
  const url = `${base}/api/models/${id.split("/").map(encodeURIComponent).join("/")}/revision/${encodeURIComponent(revision)}?blobs=true`;
  /** @type {{ sha?: string, siblings?: { rfilename: string, size?: number, lfs?: { size?: number } }[] }} */
  const list = await (await ask(url, what, { signal })).json();
  const all = (Array.isArray(list.siblings) ? list.siblings : []).map(({ rfilename, size, lfs }) => ({ name: String(rfilename), bytes: lfs?.size ?? size ?? NaN }));
  const files = chosen(what, all);
  const commit = list.sha ?? "";
  if (!/^[0-9a-f]{7,64}$/.test(commit)) throw new Error(`${what}: expected the hub to name a commit, found ${JSON.stringify(list.sha)}`);
  const model = { base, id, revision, commit, files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  // The config comes first.
  const [{ name }] = files;
  const config = await (await ask(fileUrl(model, name), `${what}/${name}`, { signal })).text();
  const store = await openStore();
  const keptBytes = await bytesThere(store, model);
  return { ...model, key: keyOf(model), config: { name, text: config }, keptBytes, keeps: store.keeps };
}

/**
 * The files of a model that are of use here; an error where there are none, which says why.
 *
 * @param {string} what
 * @param {HubFile[]} all
 */
function chosen(what, all) {
  const top = all.filter(({ name }) => !name.includes("/"));
  const wrong = top.find(({ bytes }) => !Number.isSafeInteger(bytes) || bytes < 0);
  if (wrong) throw new Error(`${what}: expected the hub to tell the size of ${wrong.name}, found ${JSON.stringify(wrong.bytes ?? null)}`);
  /** @type {(name: string) => boolean} */
  const has = (name) => top.some((file) => file.name === name);
  const config = CONFIGS.find(has);
  if (!config) throw new Error(`${what}: there is no config.json, so this is not a model that can be opened here`);
  if (top.some(({ name, bytes }) => name === config && bytes > MAX_CONFIG_BYTES)) throw new Error(`${what}: ${config} should be at most 1 MB`);
  const names = [config, ...weightNames(what, top.map(({ name }) => name), all), ...TOKENIZER.filter(has)];
  return names.flatMap((name) => top.filter((file) => file.name === name));
}

/**
 * One file, or the shards with their index.
 *
 * @param {string} what
 * @param {string[]} names
 * @param {HubFile[]} all
 */
function weightNames(what, names, all) {
  const tensors = names.filter((name) => name.endsWith(".safetensors"));
  if (tensors.includes("model.safetensors")) return ["model.safetensors"];
  const shards = tensors.filter((name) => SHARD.exec(name)?.[1] === "model");
  if (shards.length > 0) return [...shards, ...names.filter((name) => name === INDEX)];
  if (tensors.length === 1) return tensors;
  if (tensors.length > 1) throw new Error(`${what}: there are several weights files and no model.safetensors: ${tensors.join(", ")}. Download the one you want and drop it here.`);
  const nested = all.find(({ name }) => name.endsWith(".safetensors"));
  if (nested) throw new Error(`${what}: its weights are in a folder of the repository (${nested.name}). Download them and drop them here.`);
  const pickled = names.find((name) => /\.(bin|pt|pth|ckpt|h5|msgpack)$/.test(name));
  if (pickled) {
    throw new Error(`${what}: there is no safetensors file, only ${pickled}. Look among the repository's pull requests for a converted one and type it as ${what.split("@")[0]}@refs/pr/NUMBER, or convert it with transformers' save_pretrained.`);
  }
  throw new Error(`${what}: there is no safetensors file`);
}

/**
 * Fetches what is not there yet of a model and keeps it. `onProgress` hears of every chunk: `{ done, total, file }`.
 *
 * @param {Model} model
 * @param {Watching} [watching]
 * @returns {Promise<File[]>}
 */
export async function fetchModel(model, { signal, onProgress } = {}) {
  const store = await openStore();
  const key = keyOf(model);
  let done = await bytesThere(store, model);
  const total = model.bytes;
  await checkRoom(store, model, total - done);
  const { base, id, revision, commit, files, bytes } = model;
  const record = { base, id, revision, commit, files, bytes, date: new Date().toISOString() };
  /** @type {Write} */
  const write = async (name, chunks) => {
    try {
      await store.write(key, name, chunks);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      throw new Error(`${id}: this browser lets this site keep no more. Remove a kept model, or free some disk space. What has arrived is kept.`);
    }
  };
  await write(RECORD, [jsonBytes({ ...record, complete: false })]);
  for (const file of files) {
    const first = await firstMissing(store, key, file);
    if (first === nPieces(file)) continue;
    onProgress?.({ done, total, file: file.name });
    /** @type {(n: number) => void} */
    const onBytes = (n) => onProgress?.({ done: (done += n), total, file: file.name });
    // What was counted as there beyond the first gap arrives again.
    done -= await bytesAfter(store, key, file, first);
    await fetchFile(model, file, first, { signal, onBytes, write });
  }
  await write(RECORD, [jsonBytes({ ...record, complete: true })]);
  return filesOf(store, model);
}

/**
 * @param {Model} model
 * @param {HubFile} file
 * @param {number} first
 * @param {{ signal: AbortSignal | undefined, onBytes: (n: number) => void, write: Write }} to
 */
async function fetchFile(model, file, first, { signal, onBytes, write }) {
  const start = first * PIECE_BYTES;
  /** @type {Record<string, string>} */
  const headers = start > 0 ? { Range: `bytes=${start}-` } : {};
  const response = await ask(fileUrl(model, file.name), `${model.id}/${file.name}`, { signal, headers });
  // A server that knows no ranges sends the whole.
  let skip = start > 0 && response.status !== 206 ? start : 0;
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).getReader();
  let [piece, held] = [first, 0];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let chunks = [];
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw signal?.aborted ? error : new Error(`${file.name}: the connection broke off. What has arrived is kept: download again to go on.`);
    });
    if (done) break;
    const skipped = Math.min(skip, value.length);
    skip -= skipped;
    let rest = value.subarray(skipped);
    while (rest.length > 0) {
      const expected = pieceBytes(file, piece);
      if (expected === 0) throw new Error(`${file.name}: expected ${file.bytes} bytes, but the hub sends more`);
      const part = rest.subarray(0, expected - held);
      rest = rest.subarray(part.length);
      chunks.push(part);
      held += part.length;
      onBytes(part.length);
      if (held < expected) continue;
      await write(pieceName(file, piece), chunks);
      [piece, held, chunks] = [piece + 1, 0, []];
    }
  }
  if (piece < nPieces(file)) {
    throw new Error(`${file.name}: expected ${file.bytes} bytes, but the hub sent ${piece * PIECE_BYTES + held}. What has arrived is kept: download again to go on.`);
  }
}

/** The models that are kept, and those of which a part is. */
export async function keptModels() {
  const store = await openStore();
  /** @type {KeptModel[]} */
  const models = [];
  for (const key of await store.keys()) {
    const model = await readRecord(store, key);
    if (!model) continue;
    const keptBytes = await bytesThere(store, model);
    models.push({ ...model, key, keptBytes, complete: model.complete && keptBytes === model.bytes });
  }
  return models.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.date < b.date ? 1 : -1));
}

/**
 * The files of a kept model, without a word to the hub.
 *
 * @param {string} key
 */
export async function openKept(key) {
  const store = await openStore();
  const model = await readRecord(store, key);
  if (!model || (await bytesThere(store, model)) !== model.bytes) throw new Error("this model is not kept whole any more: download it again");
  return filesOf(store, model);
}

/**
 * The files of a model for `loadModel`: `{ config, weights, index, tokenizer, tokenizerConfig }`. What is kept is not fetched again; where the hub cannot
 * be reached, a kept model of this name and revision will do.
 *
 * @param {string} text
 * @param {string | undefined} revision
 * @param {{ base?: string } & Watching} [options]
 */
export async function modelFiles(text, revision, { base = HUB, signal, onProgress } = {}) {
  const repo = parseRepo(text, revision);
  const files = await findModel(repo, { base, signal }).then(
    (model) => fetchModel(model, { signal, onProgress }),
    async (error) => {
      /** @type {(kept: KeptModel) => boolean} */
      const isIt = (kept) => kept.complete && kept.base === base && kept.id === repo.id && kept.revision === repo.revision;
      const kept = error.unreachable ? (await keptModels()).find(isIt) : undefined;
      if (!kept) throw error;
      return openKept(kept.key);
    },
  );
  const [tokenizer, tokenizerConfig] = TOKENIZER.map((wanted) => files.find(({ name }) => name === wanted));
  return {
    // Without one, it would not have been found.
    config: /** @type {File} */ (files.find(({ name }) => CONFIGS.includes(name))),
    weights: files.filter(({ name }) => name.endsWith(".safetensors")),
    index: files.find(({ name }) => name === INDEX),
    ...(tokenizer && { tokenizer, tokenizerConfig }),
  };
}

/**
 * Removes a kept model.
 *
 * @param {string} key
 */
export async function removeKept(key) {
  await (await openStore()).remove(key);
}

/**
 * What was found of a model that is kept in part.
 *
 * @param {string} key
 */
export async function recordOf(key) {
  return readRecord(await openStore(), key);
}

// -------------------------------------------------------------------------------------------------------------------- pieces

/** @param {Pick<Model, "base" | "id" | "commit">} model */
function keyOf({ base, id, commit }) {
  return encodeURIComponent(base === HUB ? `${id}@${commit}` : `${new URL(base).host}/${id}@${commit}`);
}

/** @param {HubFile} file */
function nPieces({ bytes }) {
  return Math.ceil(bytes / PIECE_BYTES);
}

/**
 * @param {HubFile} file
 * @param {number} piece
 */
function pieceBytes({ bytes }, piece) {
  return Math.max(0, Math.min(PIECE_BYTES, bytes - piece * PIECE_BYTES));
}

/**
 * @param {HubFile} file
 * @param {number} piece
 */
function pieceName({ name }, piece) {
  return `${encodeURIComponent(name)}.${piece}`;
}

/**
 * @param {Store} store
 * @param {string} key
 * @param {HubFile} file
 * @param {number} piece
 */
async function isThere(store, key, file, piece) {
  return (await store.size(key, pieceName(file, piece))) === pieceBytes(file, piece);
}

/**
 * @param {Store} store
 * @param {string} key
 * @param {HubFile} file
 */
async function firstMissing(store, key, file) {
  let piece = 0;
  while (piece < nPieces(file) && (await isThere(store, key, file, piece))) piece += 1;
  return piece;
}

/**
 * How much of a file is there from a piece on.
 *
 * @param {Store} store
 * @param {string} key
 * @param {HubFile} file
 * @param {number} first
 */
async function bytesAfter(store, key, file, first) {
  let bytes = 0;
  for (let piece = first; piece < nPieces(file); piece++) {
    if (await isThere(store, key, file, piece)) bytes += pieceBytes(file, piece);
  }
  return bytes;
}

/**
 * @param {Store} store
 * @param {Model} model
 */
async function bytesThere(store, model) {
  let bytes = 0;
  for (const file of model.files) bytes += await bytesAfter(store, keyOf(model), file, 0);
  return bytes;
}

/**
 * The kept files, put together of their pieces; nothing is read.
 *
 * @param {Store} store
 * @param {Model} model
 */
async function filesOf(store, model) {
  const key = keyOf(model);
  return Promise.all(model.files.map(async (file) => {
    const pieces = await Promise.all(Array.from({ length: nPieces(file) }, (_, piece) => store.read(key, pieceName(file, piece))));
    return new File(pieces, file.name);
  }));
}

/**
 * @param {Store} store
 * @param {string} key
 * @returns {Promise<ModelRecord | null>}
 */
async function readRecord(store, key) {
  try {
    const model = JSON.parse(await (await store.read(key, RECORD)).text());
    return Array.isArray(model.files) && keyOf(model) === key ? model : null;
  } catch {
    // Not there, or not whole: as good as not kept.
    return null;
  }
}

/** @param {ModelRecord} value */
function jsonBytes(value) {
  return new TextEncoder().encode(JSON.stringify(value));
}

/**
 * @param {Store} store
 * @param {Model} model
 * @param {number} wanted
 */
async function checkRoom(store, model, wanted) {
  const { quota, usage = 0 } = (await store.estimate()) ?? {};
  if (quota === undefined || quota - usage >= wanted) return;
  /** @type {(bytes: number) => string} */
  const mb = (bytes) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new Error(`${model.id}: ${mb(wanted)} are still to be fetched, but this browser lets this site keep only ${mb(Math.max(0, quota - usage))} more. Remove a kept model, or free some disk space.`);
}

// ----------------------------------------------------------------------------------------------------------------------- hub

/**
 * @param {Pick<Model, "base" | "id" | "commit">} model
 * @param {string} name
 */
function fileUrl({ base, id, commit }, name) {
  return `${base}/${id.split("/").map(encodeURIComponent).join("/")}/resolve/${commit}/${encodeURIComponent(name)}`;
}

/**
 * A response that is well, or an error in words.
 *
 * @param {string} url
 * @param {string} what
 * @param {{ signal?: AbortSignal | undefined, headers?: Record<string, string> }} options
 */
async function ask(url, what, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "omit", ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const { host } = new URL(url);
    const offline = globalThis.navigator?.onLine === false ? "this computer is offline" : "is this computer offline, or does something keep the page from asking other sites?";
    throw Object.assign(new Error(`${host} could not be reached: ${offline}`), { unreachable: true });
  }
  if (response.ok) return response;
  throw new Error(refusal(what, response));
}

/**
 * @param {string} what
 * @param {Response} response
 */
function refusal(what, response) {
  const code = response.headers.get("x-error-code");
  if (code === "GatedRepo") return `${what}: this model is gated: its owners want to know who uses it. Ask for access on the hub, download the files there, and drop them here.`;
  if (code === "RevisionNotFound") return `${what}: there is no such branch, tag or commit in this repository`;
  if (code === "EntryNotFound") return `${what}: there is no such file`;
  if ([401, 403].includes(response.status)) return `${what}: there is no public model of this name: it may be misspelt, private, or gated. Files of a private or gated model can be downloaded on the hub and dropped here.`;
  if (response.status === 404) return `${what}: there is no model of this name or revision`;
  if (response.status === 429) return `${what}: the hub has had too many requests from here; try again in some minutes`;
  return `${what}: the hub answered ${response.status} ${response.statusText}`;
}
