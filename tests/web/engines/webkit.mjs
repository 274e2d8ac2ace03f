// WebKitGTK's small browser under a virtual display, driven by its own WebDriver over plain HTTP.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

import { find, libraryFolders, temporaryFolder } from "./programs.mjs";

const DRIVER = find(["WebKitWebDriver"]);
const BROWSER = find(["MiniBrowser"], libraryFolders(/^webkit(2)?gtk-/));
const DISPLAY = find(["Xvfb"]);
const { CIRCUITSCOPE_NO_WEBKIT } = process.env;

/** How WebDriver names the keys that are no characters: <https://www.w3.org/TR/webdriver2/#keyboard-actions>. */
const KEYS = { Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", End: "\uE010", Home: "\uE011", ArrowLeft: "\uE012", ArrowUp: "\uE013", ArrowRight: "\uE014", ArrowDown: "\uE015" };

/** What a person, or the test runner, ends tests by. */
const ABORTS = ["SIGINT", "SIGTERM", "SIGHUP"];
/** How long a program may take to start on the slowest machine, in milliseconds. */
const START_MS = 60_000;
/** How long anything that is asked of the browser may take, in milliseconds: what waits for the page looks again and again. */
const ANSWER_MS = 120_000;

export const webkit = {
  name: "WebKit",
  /** Why it cannot be driven here, or nothing. */
  missing: DRIVER && BROWSER && DISPLAY ? undefined : CIRCUITSCOPE_NO_WEBKIT
    ?? "no WebKitWebDriver with MiniBrowser and Xvfb is installed (on Debian, as root: apt-get install webkit2gtk-driver xvfb)",
  /** Starts it, with a window of a size. */
  async start({ width, height }) {
    const { folder, remove } = temporaryFolder("webkit");
    const programs = startedPrograms();
    const close = async () => {
      await programs.end();
      await remove();
    };
    try {
      const { downloads, env } = home(folder);
      // The window has bars of its own around the page.
      const display = await startDisplay(programs, { width: width + 200, height: height + 300 });
      const request = await startDriver(programs, { ...env, DISPLAY: display });
      return { downloads, ...(await startSession(request, { width, height }, close)) };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

/** A home folder of the browser's own, and the folder in it that it saves files to. */
function home(folder) {
  const [config, downloads] = [path.join(folder, ".config"), path.join(folder, "downloads")];
  for (const made of [config, downloads]) mkdirSync(made);
  writeFileSync(path.join(config, "user-dirs.dirs"), 'XDG_DOWNLOAD_DIR="$HOME/downloads"\n');
  const own = { HOME: folder, XDG_CONFIG_HOME: config, XDG_DATA_HOME: path.join(folder, "data"), XDG_CACHE_HOME: path.join(folder, "cache"), XDG_RUNTIME_DIR: folder };
  // There is no GPU, no desktop to share settings with, and no bus of assistive programs.
  return { downloads, env: { ...process.env, ...own, LIBGL_ALWAYS_SOFTWARE: "1", GSETTINGS_BACKEND: "memory", NO_AT_BRIDGE: "1", GDK_BACKEND: "x11" } };
}

/** Starts a display that nobody sees, and gives its name. */
async function startDisplay(programs, { width, height }) {
  // It chooses a free number by itself and writes it to its third stream.
  const args = ["-displayfd", "3", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"];
  const program = programs.start(DISPLAY, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = await once(program.stdio[3], "data", { signal: AbortSignal.timeout(START_MS) });
  return `:${String(number).trim()}`;
}

/** Starts the driver, and gives what sends it a request and returns its answer's value. */
async function startDriver(programs, env) {
  const port = await freePort();
  programs.start(DRIVER, [`--port=${port}`], { env, stdio: "ignore" });
  const request = async (method, pathname, body) => {
    const sent = method === "POST" ? { body: JSON.stringify(body ?? {}), headers: { "content-type": "application/json" } } : {};
    const answer = await fetch(`http://127.0.0.1:${port}${pathname}`, { method, ...sent, signal: AbortSignal.timeout(ANSWER_MS) });
    const { value } = await answer.json();
    if (value?.error) throw new Error(`${method} ${pathname}: ${value.error}: ${value.message}`);
    return value;
  };
  for (const end = Date.now() + START_MS; ; await new Promise((go) => setTimeout(go, 100))) {
    try {
      await request("GET", "/status");
      return request;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Opens the browser, and gives what is done in its window. */
async function startSession(request, size, end) {
  const browser = { binary: BROWSER, args: ["--automation"] };
  const { sessionId } = await request("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": browser } } });
  const send = (method, command, body) => request(method, `/session/${sessionId}/${command}`, body);
  await send("POST", "timeouts", { script: ANSWER_MS, pageLoad: ANSWER_MS });
  const run = async (code, args) => {
    // A page's policy may forbid eval, and not this.
    const script = `const [args, done] = arguments;
      Promise.resolve().then(() => (${code}).apply(null, args)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = await send("POST", "execute/async", { script, args: [args] });
    if (error) throw new Error(error);
    return value;
  };
  const pointer = (...actions) => send("POST", "actions", { actions: [{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }] });
  await fit(send, run, size);
  return {
    open: (url) => send("POST", "url", { url }),
    evaluate: run,
    key: (key) => {
      const value = KEYS[key] ?? key;
      return send("POST", "actions", { actions: [{ type: "key", id: "keys", actions: [{ type: "keyDown", value }, { type: "keyUp", value }] }] });
    },
    move: ({ x, y }) => pointer({ type: "pointerMove", duration: 0, origin: "viewport", x: Math.round(x), y: Math.round(y) }),
    down: () => pointer({ type: "pointerDown", button: 0 }),
    up: () => pointer({ type: "pointerUp", button: 0 }),
    screenshot: async () => Buffer.from(await send("GET", "screenshot"), "base64"),
    async close() {
      await request("DELETE", `/session/${sessionId}`).catch(() => {});
      await end();
    },
  };
}

/** Gives the page the size, with the bars of the window around it. */
async function fit(send, run, { width, height }) {
  const inner = () => run("() => [innerWidth, innerHeight]", []);
  await send("POST", "window/rect", { width, height });
  const [shownWidth, shownHeight] = await inner();
  await send("POST", "window/rect", { width: 2 * width - shownWidth, height: 2 * height - shownHeight });
}

/** Programs that are started, and ended with all that they started: a page's process may outlive its window by a while. */
function startedPrograms() {
  const programs = [];
  const killAll = () => programs.forEach(kill);
  const abort = () => process.exit(1);
  // They lead groups of their own, which the keys that end the tests do not reach.
  process.once("exit", killAll);
  for (const signal of ABORTS) process.on(signal, abort);
  return {
    start(program, args, options) {
      programs.push(spawn(program, args, { ...options, detached: true }));
      return programs.at(-1);
    },
    async end() {
      process.off("exit", killAll);
      for (const signal of ABORTS) process.off(signal, abort);
      const gone = programs.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map((program) => once(program, "exit"));
      killAll();
      await Promise.all(gone);
    },
  };
}

/** Kills the processes of a program's group. */
function kill({ pid }) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // There is none left.
    if (error.code !== "ESRCH") throw error;
  }
}
