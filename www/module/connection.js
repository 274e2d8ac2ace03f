// The module's side of a worker's messages: calls, sent one at a time, and their answers.

/** @import { EngineEvent, EngineRequest, ReaderEvent, ReaderRequest } from "./schema.js" */
/** @import { Attachments } from "./sources.js" */

/** @typedef {EngineRequest | ReaderRequest} Request */
/** @typedef {EngineEvent | ReaderEvent} Event */
/**
 * The event that answers each request, and what is attached to it.
 *
 * @typedef {{
 *   open: ["opened", []], loadModel: ["loaded", []], graph: ["graph", []], run: ["ran", [Float32Array, Float32Array]],
 *   discover: ["discovered", [Uint8Array, Float32Array]], inspect: ["tokens", []], openTokenizer: ["tokenizer", []],
 *   values: ["values", [Float64Array, Float64Array, Float64Array]],
 *   attention: ["attention", [Float32Array, Float32Array, Float32Array]], attribution: ["attribution", Float32Array[]],
 *   readPrompts: ["prompts", []], encode: ["encoded", []], readScores: ["scores", [Uint8Array]],
 *   writeScores: ["written", [Uint8Array]], cancel: [never, []],
 * }} Answers
 */
/**
 * @template {Request} R
 * @typedef {{ event: Extract<Event, { type: Answers[R["type"]][0] }>, attachments: Answers[R["type"]][1] }} Answer
 */
/**
 * An event before the answer: how far a call is, or a circuit of a run with its logits and each prompt's metrics.
 *
 * @typedef {Extract<EngineEvent, { type: "progress" | "circuit" }>} Notice
 */
/** @typedef {(event: Notice, attachments: [Float32Array, Float64Array]) => void} OnEvent */
/**
 * A call that is not answered yet.
 *
 * @typedef {{
 *   id: number, request: Request | Promise<Request>, attachments: Attachments, onEvent: OnEvent | undefined,
 *   resolve: (answer: Answer<Request>) => void, reject: (error: unknown) => void, sent?: boolean, abandoned?: boolean,
 * }} Call
 */

/** The calls to a worker, sent one at a time. */
export class Connection {
  #worker;
  /** What the worker is called in messages. */
  #name;
  #lastId = 0;
  /**
   * Calls that are not sent yet.
   *
   * @type {Call[]}
   */
  #waiting = [];
  /**
   * The call that the worker is at. It stays here after an abort, until the worker has answered.
   *
   * @type {Call | null}
   */
  #running = null;
  /**
   * Why there will be no more answers.
   *
   * @type {Error | null}
   */
  #failure = null;

  /**
   * @param {Worker} worker
   * @param {string} name
   * @param {string} [unstarted] What is said where its script never ran, of which browsers say nothing.
   */
  constructor(worker, name, unstarted = "its script could not be loaded") {
    this.#worker = worker;
    this.#name = name;
    worker.onmessage = ({ data: [reply, attachments] }) => this.#receive(reply, attachments);
    worker.onerror = ({ message }) => this.#fail(message || unstarted);
    worker.onmessageerror = () => this.#fail("a reply could not be read");
  }

  /**
   * Sends a request when those before it are answered; it may be a promise of one, which keeps its place. Resolves to the
   * event that answers it, with its attachments; `onEvent` is given those that come before.
   *
   * @template {Request} R
   * @param {R | Promise<R>} request
   * @param {Attachments} [attachments]
   * @param {{ signal?: AbortSignal | undefined, onEvent?: OnEvent | undefined }} [options]
   * @returns {Promise<Answer<R>>}
   */
  call(request, attachments = [], { signal, onEvent } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      if (signal?.aborted) return reject(abortError(signal));
      const onAbort = () => this.#abandon(call, signal && abortError(signal));
      /** @type {<T>(settle: (value: T) => void) => (value: T) => void} */
      const finish = (settle) => (value) => {
        signal?.removeEventListener("abort", onAbort);
        settle(value);
      };
      const answer = finish(resolve);
      /** @type {Call} */
      const call = {
        id: ++this.#lastId, request, attachments, onEvent, reject: finish(reject),
        resolve: (answered) => answer(/** @type {Answer<R>} */ (/** @type {unknown} */ (answered))),
      };
      signal?.addEventListener("abort", onAbort);
      // Where nobody waits for it any more, nobody needs to hear that it failed.
      if (request instanceof Promise) request.catch(() => {});
      this.#waiting.push(call);
      this.#sendNext();
    });
  }

  /** Whether there will be no more answers. */
  get ended() {
    return this.#failure !== null;
  }

  /**
   * Ends the worker; calls that are not answered yet, and later ones, reject with `reason`.
   *
   * @param {Error} reason
   */
  close(reason) {
    if (this.#failure) return;
    this.#failure = reason;
    this.#worker.terminate();
    const unanswered = [this.#running, ...this.#waiting].filter((call) => call !== null);
    [this.#running, this.#waiting] = [null, []];
    for (const call of unanswered) call.reject(reason);
  }

  /** @param {string} reason */
  #fail(reason) {
    this.close(new Error(`the ${this.#name}'s worker failed: ${reason}; open a new engine`));
  }

  #sendNext() {
    if (this.#running || this.#waiting.length === 0) return;
    const call = /** @type {Call} */ (this.#waiting.shift());
    this.#running = call;
    if (!(call.request instanceof Promise)) return this.#send(call, call.request);
    call.request.then((request) => this.#send(call, request), (error) => this.#skip(call, error));
  }

  /**
   * @param {Call} call
   * @param {Request} request
   */
  #send(call, request) {
    if (this.#running !== call) return;
    if (call.abandoned) return this.#skip(call);
    try {
      this.#worker.postMessage([{ id: call.id, request }, call.attachments]);
      call.sent = true;
    } catch (error) {
      this.#skip(call, error);
    }
  }

  /**
   * Goes on without a call that the worker does not know of.
   *
   * @param {Call} call
   * @param {unknown} [error]
   */
  #skip(call, error) {
    if (this.#running !== call) return;
    this.#running = null;
    call.reject(error);
    this.#sendNext();
  }

  /**
   * @param {{ id: number, event: Event }} reply
   * @param {unknown} attachments
   */
  #receive({ id, event }, attachments) {
    if (event.type === "deviceLost") {
      this.close(new Error(`the engine's device was lost: ${event.message}; open a new engine`));
    } else if (this.#running?.id === id) {
      if (event.type === "progress" || event.type === "circuit") this.#tell(this.#running, event, attachments);
      else this.#answer(this.#running, event, attachments);
    }
  }

  /**
   * A callback that throws ends its run.
   *
   * @param {Call} call
   * @param {Notice} event
   * @param {unknown} attachments
   */
  #tell(call, event, attachments) {
    try {
      call.onEvent?.(event, /** @type {[Float32Array, Float64Array]} */ (attachments));
    } catch (error) {
      this.#abandon(call, error);
    }
  }

  /**
   * @param {Call} call
   * @param {Event} event
   * @param {unknown} attachments
   */
  #answer(call, event, attachments) {
    this.#running = null;
    if (event.type === "failed") call.reject(new Error(event.message));
    else if (event.type === "cancelled") call.reject(new DOMException("the run was cancelled", "AbortError"));
    else call.resolve(/** @type {Answer<Request>} */ ({ event, attachments }));
    this.#sendNext();
  }

  /**
   * Rejects a call at once; a running one is also cancelled.
   *
   * @param {Call} call
   * @param {unknown} reason
   */
  #abandon(call, reason) {
    call.onEvent = undefined;
    call.reject(reason);
    call.abandoned = true;
    if (call === this.#running && call.sent) {
      this.#worker.postMessage([{ id: ++this.#lastId, request: { type: "cancel", id: call.id } }, []]);
    }
    this.#waiting = this.#waiting.filter((waiting) => waiting !== call);
  }
}

/**
 * The signal's own reason where it is an error (an AbortError, unless the caller chose another).
 *
 * @param {AbortSignal} signal
 */
function abortError({ reason }) {
  return reason instanceof Error ? reason : new DOMException(`the run was aborted: ${String(reason)}`, "AbortError");
}
