// The reader of tokenizers, in a worker of its own: started when a model is loaded with one.

import { described } from "./options.js?v=__BUILD_ID__";
import { jsonSource } from "./sources.js?v=__BUILD_ID__";
import { startReader } from "./workers.js?v=__BUILD_ID__";

/** @import { JsonSource, Output, PromptTokens, TokenList, TopToken } from "../circuitscope.js" */
/** @import { Connection } from "./connection.js" */
/** @import { PromptSettings, ReaderEvent, ReaderRequest } from "./schema.js" */
/** @import { Attachments } from "./sources.js" */

/**
 * Starts a reader with a tokenizer; `url` is that of `reader-worker.js`, if not beside the module.
 *
 * @param {string | undefined} url
 * @param {{ tokenizer: JsonSource, tokenizerConfig?: JsonSource | undefined }} files
 */
export function openReader(url, { tokenizer, tokenizerConfig }) {
  /** @type {Attachments} */
  const attachments = [];
  /** @type {Extract<ReaderRequest, { type: "openTokenizer" }>} */
  const request = { type: "openTokenizer", tokenizer: jsonSource("tokenizer", tokenizer, attachments), config: null };
  if (tokenizerConfig !== undefined) request.config = jsonSource("tokenizerConfig", tokenizerConfig, attachments);
  const connection = startReader(url);
  return connection.call(request, attachments).then(
    ({ event }) => new Reader(connection, event),
    /** @param {Error} error */
    (error) => {
      connection.close(error);
      throw error;
    },
  );
}

/** An open tokenizer. */
export class Reader {
  #connection;
  #pieces;

  /**
   * @param {Connection} connection
   * @param {Extract<ReaderEvent, { type: "tokenizer" }>} event
   */
  constructor(connection, { tokenizer, pieces }) {
    this.#connection = connection;
    this.#pieces = pieces.split("\n").slice(0, -1);
    this.info = tokenizer;
  }

  /**
   * How a token is shown: its text, with spaces and line ends visible; its id where it has none.
   *
   * @param {number} token
   */
  text(token) {
    return this.#pieces[token] || String(token);
  }

  /**
   * Token ids of prompts: the attachment that the engine is given, each prompt's tokens, and what there is to know of how they
   * were read.
   *
   * @param {JsonSource} prompts
   * @param {PromptSettings} settings
   * @returns {Promise<{ source: Uint8Array, tokens: PromptTokens[], notes: string[] }>}
   */
  async prompts(prompts, settings) {
    /** @type {Attachments} */
    const attachments = [];
    const source = jsonSource("prompts", prompts, attachments);
    const { event } = await this.#connection.call({ type: "readPrompts", prompts: source, settings }, attachments);
    /** @type {{ clean: number[], corrupt: number[] }[]} */
    const pairs = JSON.parse(event.json).prompts;
    /** @type {(ids: number[]) => TokenList} */
    const side = (ids) => ({ ids, texts: ids.map((id) => this.text(id)) });
    return {
      source: new TextEncoder().encode(event.json),
      tokens: pairs.map(({ clean, corrupt }) => ({ clean: side(clean), corrupt: side(corrupt) })),
      notes: event.notes,
    };
  }

  /**
   * Token ids of texts, with how each is shown.
   *
   * @param {readonly string[]} texts
   * @param {boolean} prependBos
   * @returns {Promise<TokenList[]>}
   */
  async tokenize(texts, prependBos) {
    const { event } = await this.#connection.call({ type: "encode", texts: [...texts], prependBos });
    return event.ids.map((ids) => ({ ids, texts: ids.map((id) => this.text(id)) }));
  }

  close() {
    this.#connection.close(new Error("the engine was closed"));
  }
}

/**
 * The likeliest tokens at a row of logits, likeliest first; of equal ones the lower id first.
 *
 * @param {Output} output
 * @param {{ prompt?: number, position?: number, k?: number }} options
 * @param {(token: number) => string} text
 * @returns {TopToken[]}
 */
export function topTokens({ logits, shape }, { prompt = 0, position, k = 10 }, text) {
  const [nPrompts, nPositions] = shape.length === 2 ? [shape[0], 1] : shape;
  const at = position ?? nPositions - 1;
  for (const { field, value, n } of [{ field: "prompt", value: prompt, n: nPrompts }, { field: "position", value: at, n: nPositions }]) {
    if (value >= n) throw new TypeError(`topTokens: \`${field}\` should be below ${n}, found ${described(value)}`);
  }
  const dVocab = shape[shape.length - 1];
  const row = logits.subarray((prompt * nPositions + at) * dVocab, (prompt * nPositions + at + 1) * dVocab);
  const max = row.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const sum = row.reduce((sum, logit) => sum + Math.exp(logit - max), 0);
  const tokens = Uint32Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b).subarray(0, k);
  /** @type {(token: number) => TopToken} */
  const told = (token) => ({ token, text: text(token), logit: row[token], prob: Math.exp(row[token] - max) / sum });
  return Array.from(tokens, told);
}
