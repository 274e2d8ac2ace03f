// The prompts of a call, as the engine reads them, and how many of them a batch has.

import { given } from "./options.js?v=__BUILD_ID__";
import { PROMPT_DEFAULTS, RUN_DEFAULTS } from "./schema.js?v=__BUILD_ID__";
import { jsonFile, jsonSource } from "./sources.js?v=__BUILD_ID__";

/** @import { JsonSource, PromptTokens } from "../circuitscope.js" */
/** @import { Reader } from "./reader-client.js" */
/** @import { PromptSettings, Source } from "./schema.js" */
/** @import { Attachments } from "./sources.js" */

/**
 * The settings of a call that say how its prompts are read.
 *
 * @typedef {{
 *   prependBos?: boolean | undefined, pad?: boolean | undefined, batchSize?: number | undefined, signal?: AbortSignal | undefined,
 * }} Reading
 */
/**
 * Prompts that were read: `source` adds their file to a message's attachments; `tokens` is `null` without a tokenizer; `notes`
 * are sentences on how texts were read.
 *
 * @typedef {{
 *   source: (attachments: Attachments) => Source, tokens: PromptTokens[] | null, notes: string[], batchSize: number,
 * }} ReadPrompts
 */

/** @type {Pick<ReadPrompts, "tokens" | "notes">} */
const NO_TEXTS = { tokens: null, notes: [] };

/**
 * Reads the prompts of a call: texts become token ids where there is a reader with a tokenizer.
 *
 * @param {JsonSource} prompts
 * @param {Reading} reading
 * @param {Promise<Reader> | null} reader
 * @returns {Promise<ReadPrompts>}
 */
export async function readPrompts(prompts, { prependBos, pad, batchSize, signal }, reader) {
  if (reader) {
    const settings = /** @type {PromptSettings} */ ({ ...PROMPT_DEFAULTS, ...given({ prependBos, pad }) });
    const { source, tokens, notes } = await (await reader).prompts(prompts, settings);
    return readFrom(source, { tokens, notes }, batchSize ?? defaultBatchSize(tokens.length));
  }
  if (batchSize !== undefined) return readFrom(prompts, NO_TEXTS, batchSize);
  const { name, text } = await jsonFile("prompts", prompts, signal);
  return readFrom(new File([text], name), NO_TEXTS, defaultBatchSize(countPrompts(text)));
}

/**
 * @param {JsonSource} file
 * @param {Pick<ReadPrompts, "tokens" | "notes">} texts
 * @param {number} batchSize
 * @returns {ReadPrompts}
 */
function readFrom(file, texts, batchSize) {
  return { source: (attachments) => jsonSource("prompts", file, attachments), ...texts, batchSize };
}

/**
 * All prompts are one batch where there are fewer than the default.
 *
 * @param {number} nPrompts
 */
function defaultBatchSize(nPrompts) {
  return Math.max(1, Math.min(RUN_DEFAULTS.batchSize, nPrompts));
}

/**
 * How many prompts a file has; 0 where it is none of prompts, which the engine says better.
 *
 * @param {string} text
 */
function countPrompts(text) {
  try {
    return Number(JSON.parse(text).prompts.length) || 0;
  } catch {
    return 0;
  }
}
