// A person's own files, kept in this browser beside the models of the hub, where the person wants it: what a reload or a link opens
// without asking for them again.
//
// A file is kept under the hash that the page knows it by, in pieces; what describes it is written last, so that no half of a file
// is ever taken for the whole.

import { keptModels, openKept } from "./hub.js?v=__BUILD_ID__";
import { openStore } from "./store.js?v=__BUILD_ID__";

/** @import { FileToKeep } from "./schema.js" */
/** @import { Store } from "./store.js" */
/** @typedef {{ name: string, bytes: number, hash: string }} KeptFile */

/** Pieces are this long; one at a time is in memory. */
const PIECE_BYTES = 32 * 2 ** 20;
/** A tenth of what the browser allows stays free, for the models of the hub and for what the browser itself writes. */
const SHARE = 0.9;
/** What describes a kept file. */
const RECORD = "file.json";
/** Keys of models have an `@` in them, written as `%40`. */
const KEY = /^file-([0-9a-f]{16})$/;

/**
 * Keeps files; those that are kept already are left as they are.
 *
 * @param {FileToKeep[]} files
 * @param {Blob[]} blobs
 */
export async function rememberFiles(files, blobs) {
  const store = await openStore();
  if (!store.keeps) throw new Error("this browser keeps nothing for this page: the window may be a private one, or the page was fetched without https");
  const named = files.flatMap(({ name, bytes, hash }, i) => (hash === null ? [] : [{ file: { name, bytes, hash }, blob: blobs[i] }]));
  // Where the weights find no room, the small files do.
  named.sort((a, b) => a.file.bytes - b.file.bytes);
  for (const { file, blob } of named) {
    if (!(await recordOf(store, keyOf(file)))) await keep(store, file, blob);
  }
  return rememberedFiles();
}

/**
 * The files that are kept of some, and those of kept models that have the name and the size of one: their hash is not known here.
 *
 * @param {FileToKeep[]} files
 * @returns {Promise<File[]>}
 */
export async function recallFiles(files) {
  const store = await openStore();
  /** @type {File[]} */
  const found = [];
  for (const kept of await records(store)) {
    const isIt = files.some((file) => (file.hash === null ? isNamesake(file, kept) : file.hash === kept.hash));
    const opened = isIt ? await openFile(store, kept) : undefined;
    if (opened) found.push(opened);
  }
  const models = (await keptModels()).filter((model) => model.complete && model.files.some((kept) => files.some((file) => isNamesake(file, kept))));
  for (const { key } of models) {
    const all = await openKept(key);
    found.push(...all.filter(({ name, size }) => files.some((file) => isNamesake(file, { name, bytes: size }))));
  }
  return found;
}

/** How many files are kept, and their size. */
export async function rememberedFiles() {
  const kept = await records(await openStore());
  return { files: kept.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Removes all of them, those that were cut off too. */
export async function forgetFiles() {
  const store = await openStore();
  for (const key of await store.keys()) {
    if (KEY.test(key)) await store.remove(key);
  }
  return rememberedFiles();
}

/**
 * @param {Store} store
 * @param {KeptFile} file
 * @param {Blob} blob
 */
async function keep(store, file, blob) {
  const { quota, usage = 0 } = (await store.estimate()) ?? {};
  const room = quota === undefined ? Infinity : quota * SHARE - usage;
  if (file.bytes > room) throw new Error(noRoom(file, room));
  try {
    for (let piece = 0; piece < nPieces(file); piece++) {
      const part = await blob.slice(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES).arrayBuffer();
      await store.write(keyOf(file), `${piece}`, [new Uint8Array(part)]);
    }
    await store.write(keyOf(file), RECORD, [new TextEncoder().encode(JSON.stringify(file))]);
  } catch (error) {
    // Half of a file is of no use, and takes room. Where it cannot be removed either, there is nothing more to do.
    await store.remove(keyOf(file)).catch(() => {});
    throw error instanceof DOMException && error.name === "QuotaExceededError" ? new Error(noRoom(file, 0)) : error;
  }
}

/**
 * @param {KeptFile} file
 * @param {number} room
 */
function noRoom({ name, bytes }, room) {
  /** @type {(bytes: number) => string} */
  const mb = (bytes) => `${Math.ceil(Math.max(0, bytes) / 1e6)} MB`;
  return `${name}: ${mb(bytes)} are too much for what this browser lets this site keep, ${mb(room)} more. Forget what is kept, or remove a kept model. The page goes on with the file as it is.`;
}

/** @param {Pick<KeptFile, "hash">} file */
function keyOf({ hash }) {
  return `file-${hash}`;
}

/** @param {Pick<KeptFile, "bytes">} file */
function nPieces({ bytes }) {
  return Math.ceil(bytes / PIECE_BYTES);
}

/**
 * @param {{ name: string, bytes: number }} a
 * @param {{ name: string, bytes: number }} b
 */
function isNamesake(a, b) {
  return a.name === b.name && a.bytes === b.bytes;
}

/** @param {Store} store */
async function records(store) {
  /** @type {KeptFile[]} */
  const kept = [];
  for (const key of await store.keys()) {
    const record = await recordOf(store, key);
    if (record) kept.push(record);
  }
  return kept;
}

/**
 * @param {Store} store
 * @param {string} key
 * @returns {Promise<KeptFile | undefined>}
 */
async function recordOf(store, key) {
  if (!KEY.test(key)) return undefined;
  try {
    const file = JSON.parse(await (await store.read(key, RECORD)).text());
    return keyOf(file) === key && typeof file.name === "string" && Number.isSafeInteger(file.bytes) ? file : undefined;
  } catch {
    // Not whole: as good as not kept.
    return undefined;
  }
}

/**
 * @param {Store} store
 * @param {KeptFile} file
 */
async function openFile(store, file) {
  try {
    const pieces = await Promise.all(Array.from({ length: nPieces(file) }, (_, piece) => store.read(keyOf(file), `${piece}`)));
    const whole = new File(pieces, file.name);
    return whole.size === file.bytes ? whole : undefined;
  } catch {
    // A piece is gone.
    return undefined;
  }
}
