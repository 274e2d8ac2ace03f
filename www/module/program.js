// Starts a worker's wasm program and hands it the messages that arrived in the meantime.
//
// A message is `[call, attachments]`, a reply `[reply, attachments]`; `crates/wire` says what they hold. The program listens from
// its start on. Where it cannot be started, every call is answered with the reason.

/** Starts `NAME.js` with `NAME_bg.wasm`, which lie beside the worker's own script. */
export async function startProgram(name, scriptUrl) {
  const waiting = [];
  const hold = ({ data }) => waiting.push(data);
  self.addEventListener("message", hold);
  self.addEventListener("unhandledrejection", reportCrash);
  try {
    await load(name, scriptUrl);
    self.removeEventListener("message", hold);
    for (const data of waiting) self.dispatchEvent(new MessageEvent("message", { data }));
  } catch (error) {
    self.removeEventListener("message", hold);
    const refuse = (data) => refuseCall(data, `the ${name} could not be started: ${error?.message ?? error}`);
    waiting.forEach(refuse);
    self.addEventListener("message", ({ data }) => refuse(data));
  }
}

/** Loads the program with the script's own query, so that a page never mixes the files of two builds. */
async function load(name, scriptUrl) {
  const { search } = new URL(scriptUrl);
  const program = await import(new URL(`./${name}.js${search}`, scriptUrl).href);
  await program.default({ module_or_path: new URL(`./${name}_bg.wasm${search}`, scriptUrl) });
}

/** A crash inside a promise would otherwise end in this worker's console, and its caller would wait for ever. */
function reportCrash({ reason }) {
  // A trap of the program, or an array that the browser has no memory for.
  if (reason instanceof WebAssembly.RuntimeError || reason instanceof RangeError) self.reportError(reason);
}

function refuseCall([call], message) {
  self.postMessage([{ id: call.id, event: { type: "failed", message } }, []]);
}
