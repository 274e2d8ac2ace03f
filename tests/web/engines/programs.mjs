// Where the browsers' programs are, and why one is not there.

import { accessSync, constants, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const { PATH = "", CIRCUITSCOPE_NODE_MODULES } = process.env;

/** Loads a package of the folder that `cargo xtask test` installed, or of the one beside `package.json`. */
export const require = createRequire(
  CIRCUITSCOPE_NODE_MODULES ? path.join(CIRCUITSCOPE_NODE_MODULES, "any.js") : import.meta.url,
);

/** The first of some programs that is on the path, or in one of the folders. */
export function find(names, folders = PATH.split(path.delimiter)) {
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isProgram);
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folders in which Linux keeps the programs of one library, such as `/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1`. */
export function libraryFolders(pattern) {
  const inside = (folder) => {
    try {
      return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
    } catch {
      return [];
    }
  };
  const places = ["/usr/lib", "/usr/lib64", "/usr/libexec"];
  return [...places, ...places.flatMap(inside)].flatMap(inside).filter((folder) => pattern.test(path.basename(folder))).sort();
}

/** A folder that is gone once `remove` is called. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `circuitscope-${name}-`));
  // A browser that is ending may still write there.
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }) };
}
