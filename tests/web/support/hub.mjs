// A hub for the tests: the two addresses of huggingface.co that are asked for, on a port of this computer; and the page's worker
// that asks them.

import { createServer } from "node:http";

import { SITE } from "./server.mjs";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/**
 * Serves models, `{ "owner/name": { files: { name: bytes }, gated?, revision? } }`. `pause` is what it waits in milliseconds
 * after each 256 KiB of a file, from `pauseFrom` on; at `breaksAt` it hangs up; `requests` are what was asked for.
 */
export async function startHub(models) {
  const hub = { requests: [], pause: 0, pauseFrom: 0, breaksAt: Infinity };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://hub");
    hub.requests.push({ path: url.pathname, range: request.headers.range });
    answer(hub, models, request, response, url).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(hub, {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}

const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "X-Error-Code, Content-Range" };

async function answer(hub, models, request, response, { pathname }) {
  const refuse = (status, code) => response.writeHead(status, { ...CORS, ...(code && { "x-error-code": code }) }).end("{}");
  if (request.method === "OPTIONS") return response.writeHead(204, { ...CORS, "access-control-allow-headers": "*" }).end();
  const api = /^\/api\/models\/(.+)\/revision\/([^/]+)$/.exec(pathname);
  const file = /^\/(.+)\/resolve\/([^/]+)\/([^/]+)$/.exec(pathname);
  const model = models[(api ?? file)?.[1]];
  // The hub does not tell a private model from one that is not there.
  if (!model) return refuse(401, "RepoNotFound");
  if (api) {
    if (decodeURIComponent(api[2]) !== (model.revision ?? "main")) return refuse(404, "RevisionNotFound");
    const siblings = Object.entries(model.files).map(([rfilename, bytes]) => ({ rfilename, size: bytes.length, blobId: "0" }));
    response.writeHead(200, { ...CORS, "content-type": "application/json" });
    return response.end(JSON.stringify({ id: api[1], sha: COMMIT, siblings }));
  }
  if (model.gated) return refuse(401, "GatedRepo");
  const bytes = model.files[decodeURIComponent(file[3])];
  if (!bytes || file[2] !== COMMIT) return refuse(404, "EntryNotFound");
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const range = start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { ...CORS, ...range, "content-length": bytes.length - start });
  for (let at = start; at < bytes.length && !response.destroyed; at += 2 ** 18) {
    if (at >= hub.breaksAt) return response.destroy();
    await new Promise((go) => response.write(bytes.subarray(at, at + 2 ** 18), go));
    if (hub.pause > 0 && at >= hub.pauseFrom) await new Promise((go) => setTimeout(go, hub.pause));
  }
  response.end();
}

/**
 * What the hub's worker answers a page of the site, and the attached files' names, sizes and last bytes. Files to send are
 * given by size; each ends in a 7.
 */
export function askHubWorker(page, request, sizes = []) {
  return page.evaluate(async ({ site, request, sizes }) => {
    const worker = new Worker(`${site}module/hub-worker.js`, { type: "module" });
    // What is no file but bytes, as found scores are, is wrapped by the page.
    const blobs = sizes.map((size) => new Blob([new Uint8Array(size).fill(7, size - 1)]));
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.postMessage([{ id: 1, request }, blobs]);
    const [{ event }, files] = await answer;
    worker.terminate();
    const last = async (file) => new Uint8Array(await file.slice(-1).arrayBuffer())[0];
    return [event, await Promise.all(files.map(async (file) => [file.name, file.size, await last(file)]))];
  }, { site: SITE, request, sizes });
}
