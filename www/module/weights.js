// The weights of `loadModel`: one file, several, or the index of their shards.

import { anything, checked, described, fieldError, messageOf, tagOf } from "./options.js?v=__BUILD_ID__";
import { absoluteUrl, attached, fileSource, isUrl, jsonFile } from "./sources.js?v=__BUILD_ID__";

/** @import { OwnModel, ShardIndex } from "../circuitscope.js" */
/** @import { EngineRequest, Source } from "./schema.js" */
/** @import { Rules } from "./options.js" */
/** @import { Attachments } from "./sources.js" */
/** @typedef {Omit<Extract<EngineRequest, { type: "loadModel" }>, "type" | "config">} WeightSources */

/** @satisfies {Rules<ShardIndex>} */
const SHARD_INDEX = { index: anything, base: anything, files: anything };

/**
 * The weights as the engine's list of `Source`s, with the index of their shards where there is one. A promise only where an
 * index has to be read first, so that calls stay in order.
 *
 * @param {OwnModel["weights"] | undefined} value
 * @param {Attachments} attachments
 * @param {AbortSignal} [signal]
 * @returns {WeightSources | Promise<WeightSources>}
 */
export function weightSources(value, attachments, signal) {
  if (Array.isArray(value)) return fileSources(value, attachments);
  if (isShardIndex(value)) return indexedSources(value, attachments, signal);
  return { weights: [fileSource("weights", value, attachments)] };
}

/**
 * @param {readonly unknown[]} files
 * @param {Attachments} attachments
 */
function fileSources(files, attachments) {
  if (files.length === 0) throw new TypeError("weights: expected at least one file, found an empty list");
  return { weights: files.map((file, i) => fileSource(`weights[${i}]`, file, attachments)) };
}

/**
 * @param {unknown} value
 * @returns {value is ShardIndex}
 */
function isShardIndex(value) {
  return tagOf(value) === "Object";
}

/**
 * @param {ShardIndex} value
 * @param {Attachments} attachments
 * @param {AbortSignal} [signal]
 * @returns {Promise<WeightSources>}
 */
async function indexedSources(value, attachments, signal) {
  const { index, base, files } = checked("loadModel", value, SHARD_INDEX);
  if (Array.isArray(files)) {
    const { name, text } = await jsonFile("weights.index", index, signal);
    const { weights } = fileSources(files, attachments);
    return { weights, index: attached(name, new TextEncoder().encode(text), attachments) };
  }
  const folder = shardFolder(index, base);
  const { name, text } = await jsonFile("weights.index", index, signal);
  const shards = [...new Set(Object.values(shardMap(name, text)))];
  /** @type {(file: string) => Source} */
  const shard = (file) => ({ type: "url", url: new URL(encodeURIComponent(file), folder).href });
  return { weights: shards.map(shard), index: attached(name, new TextEncoder().encode(text), attachments) };
}

/**
 * The URL of the folder with the shards: `base`, else that of the index.
 *
 * @param {unknown} index
 * @param {string | URL | undefined} base
 */
function shardFolder(index, base) {
  if (base !== undefined) return absoluteUrl("weights.base", `${base}`.replace(/\/?$/, "/"));
  if (isUrl(index)) return absoluteUrl("weights.index", index);
  throw fieldError("loadModel", "weights.base", "the URL of the folder with the shards", base);
}

/**
 * The file that holds each tensor, from an index.
 *
 * @param {string} name
 * @param {string} text
 * @returns {Record<string, string>}
 */
function shardMap(name, text) {
  let map;
  try {
    map = JSON.parse(text)?.weight_map;
  } catch (error) {
    throw new TypeError(`${name}: not the JSON that was expected: ${messageOf(error)}`);
  }
  if (tagOf(map) === "Object" && Object.values(map).every((file) => typeof file === "string")) return map;
  throw new TypeError(`${name}: \`weight_map\` should be an object of file names, found ${described(map)}`);
}
