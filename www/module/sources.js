// Files of the module's calls, as the `Source`s of a message (`crates/core/src/files/source.rs`).

import { described, messageOf, tagOf } from "./options.js?v=__BUILD_ID__";

/** @import { Source } from "./schema.js" */

/** @typedef {(Blob | Uint8Array)[]} Attachments What travels beside a message. */

/**
 * A JSON file: like another file, or the value itself, or its text.
 *
 * @param {string} field
 * @param {unknown} value
 * @param {Attachments} attachments
 */
export function jsonSource(field, value, attachments) {
  const text = isJsonText(value) ? value : jsonText(field, value);
  if (text === undefined) return fileSource(field, value, attachments, "an object, JSON text, ");
  return attached(field, new TextEncoder().encode(text), attachments);
}

/**
 * The JSON text of a plain object or a list; nothing for any other value.
 *
 * @param {string} field
 * @param {unknown} value
 */
export function jsonText(field, value) {
  if (!Array.isArray(value) && tagOf(value) !== "Object") return undefined;
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`${field}: cannot be written as JSON: ${messageOf(error)}`);
  }
}

/**
 * The name and the text of a JSON file, or of a value that it would hold.
 *
 * @param {string} field
 * @param {unknown} value
 * @param {AbortSignal} [signal]
 */
export async function jsonFile(field, value, signal) {
  if (isUrl(value)) {
    const url = absoluteUrl(field, value);
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok) throw new Error(`${url}: could not be read: the server answered ${response.status} ${response.statusText}`);
    return { name: url, text: await response.text() };
  }
  if (isBlob(value)) return { name: nameOf(value) || field, text: await value.text() };
  const bytes = bytesOf(value);
  const text = bytes ? new TextDecoder().decode(bytes) : isJsonText(value) ? value : jsonText(field, value);
  if (text !== undefined) return { name: field, text };
  throw new TypeError(`${field}: expected an object, JSON text, bytes, a File, a Blob or a URL, found ${described(value)}`);
}

/**
 * A file as the engine's `Source`: a URL by its absolute name, all else attached to the message.
 *
 * @param {string} field
 * @param {unknown} value
 * @param {Attachments} attachments
 * @returns {Source}
 */
export function fileSource(field, value, attachments, alsoExpected = "") {
  if (typeof value === "string" || isUrl(value)) return { type: "url", url: absoluteUrl(field, value) };
  if (isBlob(value)) return attached(nameOf(value) || field, value, attachments);
  const bytes = bytesOf(value);
  if (bytes) return attached(field, bytes, attachments);
  const expected = `${alsoExpected}bytes, a File, a Blob or a URL`;
  throw new TypeError(`${field}: expected ${expected}, found ${described(value)}`);
}

/**
 * @param {string} name
 * @param {Blob | Uint8Array} value
 * @param {Attachments} attachments
 * @returns {Extract<Source, { type: "attached" }>}
 */
export function attached(name, value, attachments) {
  return { type: "attached", index: attachments.push(value) - 1, name };
}

/**
 * The bytes of a buffer or a view; nothing for any other value.
 *
 * @param {unknown} value
 */
export function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // A message carries the whole buffer of a view, however small the view.
    return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  }
  return isBuffer(value) ? new Uint8Array(value) : undefined;
}

/**
 * @param {string} field
 * @param {string | URL} value
 */
export function absoluteUrl(field, value) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(value, base).href;
  } catch {
    throw new TypeError(`${field}: not a URL: ${described(value)}`);
  }
}

/**
 * Whether a value is a URL and not JSON text.
 *
 * @param {unknown} value
 * @returns {value is string | URL}
 */
export function isUrl(value) {
  return tagOf(value) === "URL" || (typeof value === "string" && !isJsonText(value));
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
export function isJsonText(value) {
  return typeof value === "string" && /^\s*[[{]/.test(value);
}

/**
 * @param {unknown} value
 * @returns {value is Blob}
 */
export function isBlob(value) {
  return ["File", "Blob"].includes(tagOf(value));
}

/**
 * @param {unknown} value
 * @returns {value is ArrayBuffer | SharedArrayBuffer}
 */
function isBuffer(value) {
  return ["ArrayBuffer", "SharedArrayBuffer"].includes(tagOf(value));
}

/**
 * A file's name; nothing for a blob.
 *
 * @param {Blob} blob
 */
function nameOf(blob) {
  return "name" in blob && typeof blob.name === "string" ? blob.name : undefined;
}
