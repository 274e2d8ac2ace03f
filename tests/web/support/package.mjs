// The npm package, installed and bundled as its users do it, without the network.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { dist } from "./server.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const PACKAGE = path.join(root, "target", "npm");
const { CIRCUITSCOPE_NODE_MODULES, CIRCUITSCOPE_VITE } = process.env;
/** Where the packages of `tests/web/package.json` are. */
const NODE_MODULES = CIRCUITSCOPE_NODE_MODULES ?? path.join(root, "tests", "web", "node_modules");
/** Where those of `tests/web/vite/package.json` are: in a cache they lie beside the others. */
const VITE = CIRCUITSCOPE_VITE ?? [path.join(NODE_MODULES, "..", "vite", "node_modules"), path.join(NODE_MODULES, "..", "..", "vite", "node_modules")].find(existsSync);

/**
 * A new folder with files, by their names, and the package in its `node_modules`: packed, then installed from the pack.
 * `remove` takes it away.
 */
export function installed(files = {}) {
  if (!existsSync(PACKAGE)) throw new Error("there is no package in target/npm: `cargo xtask npm` makes it, `cargo xtask test` runs all of this");
  const folder = mkdtempSync(path.join(tmpdir(), "circuitscope-"));
  npm(PACKAGE, "pack", "--silent", "--pack-destination", folder);
  const [pack] = readdirSync(folder);
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(folder, "install", "--silent", "--offline", "--no-audit", "--no-fund", `./${pack}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return { folder, package: path.join(folder, "node_modules", "circuitscope"), remove: () => rmSync(folder, { recursive: true }) };
}

/** Copies the figure of a demo, with all its files, into a folder. */
export function copyDemo(name, to) {
  cpSync(path.join(dist, "demo", name), to, { recursive: true });
}

/** What Vite makes of a folder, in its `dist`: what it says of it. */
export function bundle(folder) {
  return execFileSync("node", [path.join(VITE, "vite", "bin", "vite.js"), "build"], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Serves a folder by Vite's own server, at `url`, until `close` is called. */
export function developed(folder) {
  const server = spawn("node", [path.join(VITE, "vite", "bin", "vite.js"), "--host", "127.0.0.1"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let said = "";
    server.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      // It writes the address in colours, unless it is told not to.
      const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said.replace(/\u001b\[\d+m/g, "")) ?? [];
      if (url) resolve({ url, close: () => server.kill() });
    });
    server.on("exit", () => reject(new Error(`Vite ended: ${said}`)));
  });
}

/** The errors that TypeScript finds in a file of a folder; an empty text where there are none. */
export function typeErrors(folder, file) {
  const options = ["--strict", "--noEmit", "--target", "es2023", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom", "--types", ""];
  try {
    execFileSync("node", [path.join(NODE_MODULES, "typescript", "bin", "tsc"), ...options, file], { cwd: folder, encoding: "utf8" });
    return "";
  } catch ({ stdout }) {
    return stdout;
  }
}

function npm(cwd, ...args) {
  execFileSync("npm", args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
}
