// A static file server for the tests: byte ranges, the right types, and a list of what was asked for.

import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
export const dist = path.join(root, "dist");
export const cases = path.join(root, "tests", "fixtures", "cases");

// The site is served from a folder below the host's top, where only relative URLs find its files.
const FOLDERS = { "/some/folder/": dist, "/cases/": cases, "/fakes/": path.join(root, "tests", "web", "fakes") };
/** Where the built site is, on the server. */
export const SITE = "/some/folder/";
/** A page with nothing on it. */
export const BLANK = "/blank.html";
/** Below this path ranges are not known, as on a plain server. */
export const WHOLE = "/whole";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves the built site and the reference cases on a free port, until `close` is called. `head` is markup that every page of
 * the site is to begin with.
 */
export async function startServer({ head = "" } = {}) {
  await stat(path.join(dist, "index.html")).catch(() => {
    throw new Error("there is no built site in dist/: `cargo xtask build` makes it, `cargo xtask test` runs all of this");
  });
  const made = new Map([[BLANK, { bytes: Buffer.from("<!DOCTYPE html><title>blank</title>") }]]);
  const folders = new Map(Object.entries(FOLDERS));
  const requests = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    requests.push({ pathname, range: request.headers.range });
    answer(request, response, decodeURIComponent(pathname), { made, folders, head }).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    /** What was asked for so far. */
    requests,
    /** Serves bytes at a path, with headers of its own, and gives their URL. */
    add(pathname, bytes, headers = {}) {
      made.set(pathname, { bytes: Buffer.from(bytes), headers });
      return origin + pathname;
    },
    /** Serves a folder below a path that ends with `/`. */
    addFolder(pathname, folder) {
      folders.set(pathname, folder);
      return origin + pathname;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request, response, pathname, site) {
  const whole = pathname.startsWith(`${WHOLE}/`);
  const { bytes, headers: own } = await contents(whole ? pathname.slice(WHOLE.length) : pathname, site);
  // Another site may embed this one.
  const headers = { "access-control-allow-origin": "*", "cache-control": "no-store", ...own };
  if (!bytes) return response.writeHead(404, headers).end("not found");
  headers["content-type"] = TYPES[path.extname(pathname) || ".html"] ?? "application/octet-stream";
  if (!whole) headers["accept-ranges"] = "bytes";
  const range = whole ? undefined : rangeOf(request.headers.range, bytes.length);
  if (range === null) return response.writeHead(416, { ...headers, "content-range": `bytes */${bytes.length}` }).end();
  const [start, end] = range ?? [0, bytes.length];
  if (range) headers["content-range"] = `bytes ${start}-${end - 1}/${bytes.length}`;
  headers["content-length"] = end - start;
  response.writeHead(range ? 206 : 200, headers);
  response.end(request.method === "HEAD" ? undefined : bytes.subarray(start, end));
}

/** What is at a path; without `bytes` where nothing is. */
async function contents(pathname, { made, folders, head }) {
  if (made.has(pathname)) return made.get(pathname);
  const [prefix] = [...folders.keys()].filter((folder) => pathname.startsWith(folder)).sort((a, b) => b.length - a.length);
  if (!prefix) return {};
  const file = path.join(folders.get(prefix), path.normalize(`/${pathname.slice(prefix.length)}${pathname.endsWith("/") ? "index.html" : ""}`));
  const bytes = await readFile(file).catch(() => undefined);
  return { bytes: bytes && head && file.endsWith(".html") ? Buffer.from(String(bytes).replace("<head>", `<head>${head}`)) : bytes };
}

/** `[start, end)` of a `Range` header; undefined where there is none, null where it lies outside. */
function rangeOf(header, length) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const [first, last] = [match[1], match[2]];
  const start = first === "" ? Math.max(0, length - Number(last)) : Number(first);
  const end = first === "" || last === "" ? length : Math.min(length, Number(last) + 1);
  return start < end ? [start, end] : null;
}
