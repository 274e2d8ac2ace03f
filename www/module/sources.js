// Files of the module's calls, as the `Source`s of a message (`crates/core/src/files/source.rs`).

import { described, tagOf } from "./options.js?v=__BUILD_ID__";

/** A JSON file: like another file, or the value itself, or its text. */
export function jsonSource(field, value, attachments) {
  const text = typeof value === "string" && /^\s*[[{]/.test(value) ? value : jsonText(field, value);
  if (text === undefined) return fileSource(field, value, attachments, "an object, JSON text, ");
  return attached(field, new TextEncoder().encode(text), attachments);
}

/** The JSON text of a plain object or a list; nothing for any other value. */
export function jsonText(field, value) {
  if (!Array.isArray(value) && tagOf(value) !== "Object") return undefined;
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`${field}: cannot be written as JSON: ${error.message}`);
  }
}

/** A file as the engine's `Source`: a URL by its absolute name, all else attached to the message. */
export function fileSource(field, value, attachments, alsoExpected = "") {
  if (typeof value === "string" || tagOf(value) === "URL") return { type: "url", url: absoluteUrl(field, value) };
  if (["File", "Blob"].includes(tagOf(value))) return attached(value.name ?? field, value, attachments);
  const bytes = bytesOf(value);
  if (bytes) return attached(field, bytes, attachments);
  const expected = `${alsoExpected}bytes, a File, a Blob or a URL`;
  throw new TypeError(`${field}: expected ${expected}, found ${described(value)}`);
}

export function attached(name, value, attachments) {
  return { type: "attached", index: attachments.push(value) - 1, name };
}

export function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // A message carries the whole buffer of a view, however small the view.
    return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  }
  return ["ArrayBuffer", "SharedArrayBuffer"].includes(tagOf(value)) ? new Uint8Array(value) : undefined;
}

export function absoluteUrl(field, value) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(value, base).href;
  } catch {
    throw new TypeError(`${field}: not a URL: ${described(value)}`);
  }
}
