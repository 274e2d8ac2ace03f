// The weights of `loadModel`: one file, several, or the index of their shards.

import { anything, checked, described, fieldError, tagOf } from "./options.js?v=__BUILD_ID__";
import { absoluteUrl, attached, bytesOf, fileSource, jsonText } from "./sources.js?v=__BUILD_ID__";

/**
 * The weights as the engine's list of `Source`s, with the index of their shards where there is one. A promise only where an
 * index has to be read first, so that calls stay in order.
 */
export function weightSources(value, attachments, signal) {
  if (Array.isArray(value)) {
    if (value.length === 0) throw new TypeError("weights: expected at least one file, found an empty list");
    return { weights: value.map((file, i) => fileSource(`weights[${i}]`, file, attachments)) };
  }
  if (tagOf(value) === "Object") return indexedSources(value, attachments, signal);
  return { weights: [fileSource("weights", value, attachments)] };
}

async function indexedSources(value, attachments, signal) {
  const { index, base, files } = checked("loadModel", value, { index: anything, base: anything, files: anything });
  if (Array.isArray(files)) {
    const { name, text } = await jsonFile("weights.index", index, signal);
    const { weights } = weightSources(files, attachments, signal);
    return { weights, index: attached(name, new TextEncoder().encode(text), attachments) };
  }
  if (base === undefined && !isUrl(index)) {
    throw fieldError("loadModel", "weights.base", "the URL of the folder with the shards", base);
  }
  const folder = base === undefined ? absoluteUrl("weights.index", index) : absoluteUrl("weights.base", `${base}`.replace(/\/?$/, "/"));
  const { name, text } = await jsonFile("weights.index", index, signal);
  const shards = [...new Set(Object.values(shardMap(name, text)))];
  const shard = (file) => ({ type: "url", url: new URL(encodeURIComponent(file), folder).href });
  return { weights: shards.map(shard), index: attached(name, new TextEncoder().encode(text), attachments) };
}

/** The file that holds each tensor, from an index. */
function shardMap(name, text) {
  let map;
  try {
    map = JSON.parse(text)?.weight_map;
  } catch (error) {
    throw new TypeError(`${name}: not the JSON that was expected: ${error.message}`);
  }
  if (tagOf(map) === "Object" && Object.values(map).every((file) => typeof file === "string")) return map;
  throw new TypeError(`${name}: \`weight_map\` should be an object of file names, found ${described(map)}`);
}

/** The name and the text of a JSON file, or of a value that it would hold. */
async function jsonFile(field, value, signal) {
  if (isUrl(value)) {
    const url = absoluteUrl(field, value);
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`${url}: could not be read: the server answered ${response.status} ${response.statusText}`);
    return { name: url, text: await response.text() };
  }
  if (["File", "Blob"].includes(tagOf(value))) return { name: value.name ?? field, text: await value.text() };
  const bytes = bytesOf(value);
  const text = bytes ? new TextDecoder().decode(bytes) : typeof value === "string" ? value : jsonText(field, value);
  if (text !== undefined) return { name: field, text };
  throw new TypeError(`${field}: expected an object, JSON text, bytes, a File, a Blob or a URL, found ${described(value)}`);
}

/** Whether a value is a URL and not JSON text. */
function isUrl(value) {
  return tagOf(value) === "URL" || (typeof value === "string" && !/^\s*[[{]/.test(value));
}
