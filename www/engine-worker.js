// The engine's worker: starts the wasm program and hands it the messages that arrived in the meantime.
//
// A message is `[call, attachments]`, a reply `[reply, attachments]`; `crates/wire/src/engine.rs` says what they hold. The
// program listens from its start on. Where it cannot be started, every call is answered with the reason.

const waiting = [];
const hold = (event) => waiting.push(event.data);
self.addEventListener("message", hold);

// A trap inside a promise would otherwise end in this worker's console, and its caller would wait for ever.
self.addEventListener("unhandledrejection", ({ reason }) => {
  if (reason instanceof WebAssembly.RuntimeError) self.reportError(reason);
});

/** Loads the program with this script's own query, so that a page never mixes the files of two builds. */
async function start() {
  const { search } = new URL(import.meta.url);
  const engine = await import(`./engine.js${search}`);
  await engine.default({ module_or_path: new URL(`./engine_bg.wasm${search}`, import.meta.url) });
}

/** Answers a call with why there is no engine. */
function refuse([call], error) {
  const message = `the engine could not be started: ${error?.message ?? error}`;
  self.postMessage([{ id: call.id, event: { type: "failed", message } }, []]);
}

try {
  await start();
  self.removeEventListener("message", hold);
  for (const data of waiting) self.dispatchEvent(new MessageEvent("message", { data }));
} catch (error) {
  self.removeEventListener("message", hold);
  for (const data of waiting) refuse(data, error);
  self.addEventListener("message", ({ data }) => refuse(data, error));
}
