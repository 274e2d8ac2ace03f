// Starts a worker's wasm program and hands it the messages that arrived in the meantime.
//
// A message is `[call, attachments]`, a reply `[reply, attachments]`; `crates/wire` says what they hold. The program listens from
// its start on. Where it cannot be started, every call is answered with the reason.

/** @typedef {[call: { id: number }, attachments: unknown]} Message */

/**
 * Starts a program; `load` fetches and starts it.
 *
 * @param {string} name
 * @param {() => Promise<unknown>} load
 */
export async function startProgram(name, load) {
  /** @type {Message[]} */
  const waiting = [];
  /** @type {(event: MessageEvent<Message>) => void} */
  const hold = ({ data }) => waiting.push(data);
  self.addEventListener("message", hold);
  self.addEventListener("unhandledrejection", reportCrash);
  try {
    await load();
    self.removeEventListener("message", hold);
    for (const data of waiting) self.dispatchEvent(new MessageEvent("message", { data }));
  } catch (error) {
    self.removeEventListener("message", hold);
    /** @type {(data: Message) => void} */
    const refuse = (data) => refuseCall(data, `the ${name} could not be started: ${error instanceof Error ? error.message : error}`);
    waiting.forEach(refuse);
    self.addEventListener("message", (/** @type {MessageEvent<Message>} */ { data }) => refuse(data));
  }
}

/**
 * Loads `NAME.js` with `NAME_bg.wasm`, which lie beside the worker's own script: with that script's query, so that a page never mixes
 * the files of two builds.
 *
 * @param {string} name
 * @param {string} scriptUrl
 */
export async function loadProgram(name, scriptUrl) {
  const { search } = new URL(scriptUrl);
  const program = await import(/* @vite-ignore */ new URL(`./${name}.js${search}`, scriptUrl).href);
  await program.default({ module_or_path: new URL(`./${name}_bg.wasm${search}`, scriptUrl) });
}

/**
 * Whether this browser takes WebAssembly with relaxed SIMD, whose products and sums are fused: asked with the smallest module that has
 * one, `f32x4.relaxed_madd` of three zeros.
 */
export function hasRelaxedSimd() {
  const zero = [0x41, 0, 0xfd, 0x0f];
  const body = [0, ...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x0b];
  const section = (/** @type {number} */ id, /** @type {number[]} */ bytes) => [id, bytes.length, ...bytes];
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  // A function without arguments that gives a vector.
  const sections = [section(1, [1, 0x60, 0, 1, 0x7b]), section(3, [1, 0]), section(10, [1, body.length, ...body])];
  return WebAssembly.validate(Uint8Array.from([...header, ...sections.flat()]));
}

/**
 * A crash inside a promise would otherwise end in this worker's console, and its caller would wait for ever.
 *
 * @param {PromiseRejectionEvent} event
 */
function reportCrash({ reason }) {
  // A trap of the program, or an array that the browser has no memory for.
  if (reason instanceof WebAssembly.RuntimeError || reason instanceof RangeError) self.reportError(reason);
}

/**
 * @param {Message} message
 * @param {string} reason
 */
function refuseCall([call], reason) {
  self.postMessage([{ id: call.id, event: { type: "failed", message: reason } }, []]);
}
