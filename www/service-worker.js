// The site without a network, after a first visit.
//
// `files.json` of the build says which files the site has, and their SHA-256. The `first` are fetched in the background when the worker is
// installed: pages, viewer, the demos' figures. The `later` ones (engine, reader, weights) are kept when they are first used. What a URL with
// this build's name asks for comes from the cache, for it cannot change; all else comes from the network while there is one, so that a new
// build is there on the next reload. Nothing is kept that is not in the list, has another hash, or comes from another host.

const sw = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

const BUILD_ID = "__BUILD_ID__";
const SCOPE = new URL(sw.registration.scope);
/** Of all builds of the site in this folder: a host may have others in other folders. */
const PREFIX = `circuitscope ${SCOPE.pathname} `;
const CACHE = PREFIX + BUILD_ID;
const LIST = new URL("files.json", SCOPE).href;
/** The network is waited for this long where the cache has an answer, in milliseconds. */
const PATIENCE_MS = 3000;
/** The name of a file with a hash of its content, as trunk writes it. */
const HASHED = /-[0-9a-f]{16}[._]/;

/** @typedef {{ build: string, first: Record<string, string>, later: Record<string, string> }} SiteFiles */

/** Files that are being fetched to be kept, by their URL. @type {Map<string, Promise<void>>} */
const fetching = new Map();
/** The hashes of the site's files, by their path below the scope. @type {Promise<Map<string, string>> | undefined} */
let known;

sw.addEventListener("install", (event) => event.waitUntil(install()));
sw.addEventListener("activate", (event) => event.waitUntil(activate()));
sw.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const isOurs = url.origin === SCOPE.origin && url.pathname.startsWith(SCOPE.pathname);
  if (event.request.method === "GET" && isOurs) event.respondWith(answer(event, url));
});

async function install() {
  const response = await fetch(`${LIST}?v=${BUILD_ID}`, { cache: "no-cache" });
  /** @type {SiteFiles} */
  const list = await response.clone().json();
  // While a new build is being uploaded, the list may be another's: the browser tries again on the next visit.
  if (list.build !== BUILD_ID) throw new Error(`the list of files is of build ${list.build}, not ${BUILD_ID}`);
  const cache = await caches.open(CACHE);
  for (const [path, hash] of Object.entries(list.first)) await fetchInto(cache, path, hash);
  await cache.put(LIST, response);
  await sw.skipWaiting();
}

/** The caches of earlier builds go, and pages that are open are answered from now on. */
async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await sw.clients.claim();
}

/**
 * Keeps a file: as an earlier build has it, if it has not changed, or from the network.
 *
 * @param {Cache} cache
 * @param {string} path
 * @param {string} hash
 */
async function fetchInto(cache, path, hash) {
  const url = new URL(path, SCOPE).href;
  if (await cache.match(url)) return;
  for (const name of (await caches.keys()).filter((name) => name.startsWith(PREFIX))) {
    const earlier = await (await caches.open(name)).match(url);
    if (earlier && (await keep(cache, url, hash, earlier))) return;
  }
  // As pages ask for it, so that what they have fetched is not fetched again, and after what they still fetch.
  const named = HASHED.test(path) ? url : `${url}?v=${BUILD_ID}`;
  if (await keep(cache, url, hash, await fetch(named, { priority: "low" }))) return;
  if (await keep(cache, url, hash, await fetch(named, { cache: "reload" }))) return;
  throw new Error(`${path}: the server has not the file of build ${BUILD_ID}`);
}

/**
 * Keeps a response under a URL, if it is the file of this build. Whether it is.
 *
 * @param {Cache} cache
 * @param {string} url
 * @param {string} hash
 * @param {Response} response
 */
async function keep(cache, url, hash, response) {
  if (response.status !== 200 || response.type === "opaque") return false;
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== hash) return false;
  // The other headers speak of the way here: how it was packed, how long it may be kept.
  const type = response.headers.get("content-type") ?? "application/octet-stream";
  await cache.put(url, new Response(bytes, { headers: { "content-type": type } }));
  return true;
}

/** The files of this build; none while it is being installed. */
async function files() {
  const response = await (await caches.open(CACHE)).match(LIST);
  if (!response) return new Map();
  /** @type {SiteFiles} */
  const { first, later } = await response.json();
  return new Map(Object.entries({ ...first, ...later }));
}

/**
 * @param {FetchEvent} event
 * @param {URL} url
 * @returns {Promise<Response>}
 */
async function answer(event, url) {
  const { request } = event;
  known ??= files();
  const list = await known;
  if (list.size === 0) known = undefined;
  const path = url.pathname.slice(SCOPE.pathname.length);
  // A folder's own page.
  const name = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  const version = url.searchParams.get("v");
  if (version !== null && version !== BUILD_ID) return fetch(request);
  const hash = list.get(name);
  if (!hash) return list.has(`${name}/index.html`) ? folder(request, url) : fetch(request);
  const cache = await caches.open(CACHE);
  const kept = await cache.match(new URL(name, SCOPE).href);
  if (kept && (version === BUILD_ID || HASHED.test(name))) return kept;
  const range = request.headers.get("range");
  const response = await fromNetwork(request, kept && range ? await part(kept, range) : kept);
  // A full disk is no reason to fail.
  if (!kept && range) event.waitUntil(once(cache, name, hash).catch(() => {}));
  else if (!kept) event.waitUntil(keep(cache, new URL(name, SCOPE).href, hash, response.clone()).catch(() => false));
  return response;
}

/**
 * Keeps the whole of a file that is asked for in parts.
 *
 * @param {Cache} cache
 * @param {string} name
 * @param {string} hash
 */
function once(cache, name, hash) {
  const under = fetching.get(name) ?? fetchInto(cache, name, hash).finally(() => fetching.delete(name));
  fetching.set(name, under);
  return under;
}

/**
 * A part of a file that is kept, as a server answers it; the whole where the range is of a kind that we do not ask for.
 *
 * @param {Response} kept
 * @param {string} range
 */
async function part(kept, range) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined) return kept;
  const bytes = await kept.arrayBuffer();
  const start = Number(first);
  const end = last ? Math.min(Number(last) + 1, bytes.byteLength) : bytes.byteLength;
  if (start >= end) return new Response(null, { status: 416, headers: { "content-range": `bytes */${bytes.byteLength}` } });
  const type = kept.headers.get("content-type") ?? "application/octet-stream";
  const headers = { "content-type": type, "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}` };
  return new Response(bytes.slice(start, end), { status: 206, headers });
}

/**
 * What the network says, or what is kept where it says nothing.
 *
 * @param {Request} request
 * @param {Response | undefined} kept
 * @returns {Promise<Response>}
 */
async function fromNetwork(request, kept) {
  if (!kept) return fetch(request);
  /** @type {Promise<Response>} */
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  const fetched = fetch(request).then((response) => (response.status >= 500 ? kept : response), () => kept);
  return Promise.race([fetched, late]);
}

/**
 * A folder that is asked for without the slash at its end, as servers answer it.
 *
 * @param {Request} request
 * @param {URL} url
 */
async function folder(request, url) {
  return fetch(request).catch(() => Response.redirect(`${url.origin}${url.pathname}/${url.search}`, 301));
}
