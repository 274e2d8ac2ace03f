// Where models are kept: the origin's private file system, else Cache Storage, else this page's memory, which keeps nothing.
//
// A store holds blobs by a key and a name, written from chunks of bytes. A blob that was cut off is known by its size.

/**
 * @typedef {object} Store
 * @property {boolean} keeps Whether what is written is there in the next visit.
 * @property {() => Promise<StorageEstimate | undefined>} estimate
 * @property {() => Promise<string[]>} keys
 * @property {(key: string, name: string) => Promise<Blob>} read
 * @property {(key: string, name: string) => Promise<number | undefined>} size
 * @property {(key: string, name: string, chunks: Uint8Array<ArrayBuffer>[]) => Promise<void>} write
 * @property {(key: string) => Promise<void>} remove
 */

const FOLDER = "circuitscope-models";

/** @type {Promise<Store> | undefined} */
let opened;

/**
 * A file that is written in place, in a worker.
 *
 * @typedef {{ truncate(size: number): void, write(chunk: Uint8Array): number, flush(): void, close(): void }} SyncAccess
 */

/** The best store that this browser has. */
export function openStore() {
  return (opened ??= open());
}

/** @returns {Promise<Store>} */
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

/** @implements {Store} */
class FileSystemStore {
  keeps = true;
  estimate = estimate;
  #folder;

  /** @param {FileSystemDirectoryHandle} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  async keys() {
    const keys = [];
    for await (const key of this.#folder.keys()) keys.push(key);
    return keys;
  }

  /**
   * @param {string} key
   * @param {string} name
   */
  async read(key, name) {
    const folder = await this.#folder.getDirectoryHandle(key);
    return (await folder.getFileHandle(name)).getFile();
  }

  /**
   * @param {string} key
   * @param {string} name
   */
  async size(key, name) {
    return this.read(key, name).then(({ size }) => size, () => undefined);
  }

  /**
   * @param {string} key
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>[]} chunks
   */
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
    const inPlace = /** @type {FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccess> }} */ (file);
    const access = await inPlace.createSyncAccessHandle();
    try {
      access.truncate(0);
      for (const chunk of chunks) access.write(chunk);
      access.flush();
    } finally {
      access.close();
    }
  }

  /** @param {string} key */
  async remove(key) {
    await this.#folder.removeEntry(key, { recursive: true });
  }
}

/** @implements {Store} */
class CacheStore {
  keeps = true;
  estimate = estimate;
  #cache;

  /** @param {Cache} cache */
  constructor(cache) {
    this.#cache = cache;
  }

  /**
   * An address that nothing is ever asked for at.
   *
   * @param {string} key
   * @param {string} name
   */
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

  /**
   * @param {string} key
   * @param {string} name
   */
  async read(key, name) {
    const response = await this.#cache.match(this.#url(key, name));
    if (!response) throw new Error(`${name} is not kept`);
    return response.blob();
  }

  /**
   * @param {string} key
   * @param {string} name
   */
  async size(key, name) {
    const response = await this.#cache.match(this.#url(key, name));
    return response ? Number(response.headers.get("content-length")) : undefined;
  }

  /**
   * @param {string} key
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>[]} chunks
   */
  async write(key, name, chunks) {
    const blob = new Blob(chunks);
    await this.#cache.put(this.#url(key, name), new Response(blob, { headers: { "content-length": String(blob.size) } }));
  }

  /** @param {string} key */
  async remove(key) {
    const here = (await this.#all()).filter((entry) => entry.key === key);
    await Promise.all(here.map(({ name }) => this.#cache.delete(this.#url(key, name))));
  }
}

/** @implements {Store} */
class MemoryStore {
  keeps = false;
  /** @type {Map<string, Map<string, Blob>>} */
  #blobs = new Map();

  async estimate() {
    return undefined;
  }

  async keys() {
    return [...this.#blobs.keys()];
  }

  /**
   * @param {string} key
   * @param {string} name
   */
  async read(key, name) {
    const blob = this.#blobs.get(key)?.get(name);
    if (!blob) throw new Error(`${name} is not kept`);
    return blob;
  }

  /**
   * @param {string} key
   * @param {string} name
   */
  async size(key, name) {
    return this.#blobs.get(key)?.get(name)?.size;
  }

  /**
   * @param {string} key
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>[]} chunks
   */
  async write(key, name, chunks) {
    const named = this.#blobs.get(key) ?? new Map();
    this.#blobs.set(key, named.set(name, new Blob(chunks)));
  }

  /** @param {string} key */
  async remove(key) {
    this.#blobs.delete(key);
  }
}
