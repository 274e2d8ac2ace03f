// Where models are kept: the origin's private file system, else Cache Storage, else this page's memory, which keeps nothing.
//
// A store holds blobs by a key and a name, written from chunks of bytes. A blob is there whole or not at all, or its size tells.

const FOLDER = "circuitscope-models";

let opened;

/** The best store that this browser has. */
export function openStore() {
  return (opened ??= open());
}

async function open() {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    if (writer()) return new FileSystemStore(folder);
  } catch {
    // Private windows and pages without https have none.
  }
  try {
    return new CacheStore(await caches.open(FOLDER));
  } catch {
    return new MemoryStore();
  }
}

/** How this browser writes a file: whole at its end, or in place (Safari before 26, in workers only). */
function writer() {
  const { prototype } = globalThis.FileSystemFileHandle ?? {};
  return ["createWritable", "createSyncAccessHandle"].find((name) => prototype && name in prototype);
}

async function estimate() {
  return navigator.storage?.estimate?.();
}

class FileSystemStore {
  keeps = true;
  estimate = estimate;
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  async keys() {
    const keys = [];
    for await (const key of this.#folder.keys()) keys.push(key);
    return keys;
  }

  async read(key, name) {
    const folder = await this.#folder.getDirectoryHandle(key);
    return (await folder.getFileHandle(name)).getFile();
  }

  async size(key, name) {
    return this.read(key, name).then(({ size }) => size, () => undefined);
  }

  async write(key, name, chunks) {
    const folder = await this.#folder.getDirectoryHandle(key, { create: true });
    const file = await folder.getFileHandle(name, { create: true });
    if (writer() === "createWritable") {
      // What is written takes the file's place when it is closed.
      const stream = await file.createWritable();
      for (const chunk of chunks) await stream.write(chunk);
      await stream.close();
      return;
    }
    const access = await file.createSyncAccessHandle();
    try {
      access.truncate(0);
      for (const chunk of chunks) access.write(chunk);
      access.flush();
    } finally {
      access.close();
    }
  }

  async remove(key) {
    await this.#folder.removeEntry(key, { recursive: true });
  }
}

class CacheStore {
  keeps = true;
  estimate = estimate;
  #cache;

  constructor(cache) {
    this.#cache = cache;
  }

  /** An address that nothing is ever asked for at. */
  #url(key, name) {
    return new URL(`/${FOLDER}/${encodeURIComponent(key)}/${encodeURIComponent(name)}`, location.origin).href;
  }

  async #all() {
    const parts = (await this.#cache.keys()).map(({ url }) => new URL(url).pathname.split("/").slice(-2).map(decodeURIComponent));
    return parts.map(([key, name]) => ({ key, name }));
  }

  async keys() {
    return [...new Set((await this.#all()).map(({ key }) => key))];
  }

  async read(key, name) {
    const response = await this.#cache.match(this.#url(key, name));
    if (!response) throw new Error(`${name} is not kept`);
    return response.blob();
  }

  async size(key, name) {
    const response = await this.#cache.match(this.#url(key, name));
    return response ? Number(response.headers.get("content-length")) : undefined;
  }

  async write(key, name, chunks) {
    const blob = new Blob(chunks);
    await this.#cache.put(this.#url(key, name), new Response(blob, { headers: { "content-length": String(blob.size) } }));
  }

  async remove(key) {
    const here = (await this.#all()).filter((entry) => entry.key === key);
    await Promise.all(here.map(({ name }) => this.#cache.delete(this.#url(key, name))));
  }
}

class MemoryStore {
  keeps = false;
  #blobs = new Map();

  async estimate() {
    return undefined;
  }

  async keys() {
    return [...this.#blobs.keys()];
  }

  async read(key, name) {
    const blob = this.#blobs.get(key)?.get(name);
    if (!blob) throw new Error(`${name} is not kept`);
    return blob;
  }

  async size(key, name) {
    return this.#blobs.get(key)?.get(name)?.size;
  }

  async write(key, name, chunks) {
    if (!this.#blobs.has(key)) this.#blobs.set(key, new Map());
    this.#blobs.get(key).set(name, new Blob(chunks));
  }

  async remove(key) {
    this.#blobs.delete(key);
  }
}
