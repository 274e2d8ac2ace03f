// Options of the module's calls: what is expected of each, and errors that say so.

/**
 * What is expected of a value, and whether a value is that.
 *
 * @typedef {{ expected: string, accepts: (value: unknown) => boolean }} Rule
 */
/**
 * A rule for every field that options can have: one that is missing, or one too many, is an error of `tsc`.
 *
 * @template Options
 * @typedef {{ [Field in keyof Options]-?: Rule }} Rules
 */

/** @type {Rule} */
export const anything = { expected: "", accepts: () => true };
/** @type {Rule} */
export const boolean = { expected: "true or false", accepts: (value) => typeof value === "boolean" };
/** @type {Rule} */
export const text = { expected: "a text", accepts: (value) => typeof value === "string" };
/** @type {Rule} */
export const number = { expected: "a number", accepts: Number.isFinite };
/** @type {Rule} */
export const numberList = { expected: "a list of numbers", accepts: (value) => isListOf(value, Number.isFinite) };
/** @type {Rule} */
export const callback = { expected: "a function", accepts: (value) => typeof value === "function" };
/** @type {Rule} */
export const abortSignal = {
  expected: "an AbortSignal",
  accepts: (value) => typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value,
};

/**
 * @param {readonly string[]} values
 * @returns {Rule}
 */
export function oneOf(values) {
  return { expected: alternatives(values), accepts: (value) => typeof value === "string" && values.includes(value) };
}

/**
 * @param {number} least
 * @returns {Rule}
 */
export function wholeNumber(least) {
  return { expected: `a whole number from ${least}`, accepts: (value) => Number.isSafeInteger(value) && Number(value) >= least };
}

/**
 * Whether a value is a list or an array of numbers whose every entry is accepted.
 *
 * @param {unknown} value
 * @param {(entry: unknown) => boolean} accepts
 */
export function isListOf(value, accepts) {
  return (Array.isArray(value) || isNumberArray(value)) && Array.from(value).every(accepts);
}

/**
 * @param {unknown} value
 * @returns {value is ArrayLike<number>}
 */
function isNumberArray(value) {
  return ArrayBuffer.isView(value) && tagOf(value) !== "DataView";
}

/**
 * The options, if they have no other fields than the rules and every value that is given keeps its rule.
 *
 * @template {object} Options
 * @param {string} call
 * @param {Options} options
 * @param {NoInfer<Rules<Options>>} rules
 * @returns {Options}
 */
export function checked(call, options, rules) {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${call}: expected an object of options, found ${described(options)}`);
  }
  const all = new Map(/** @type {[string, Rule][]} */ (Object.entries(rules)));
  for (const [field, value] of Object.entries(options)) {
    const rule = all.get(field);
    if (rule === undefined) {
      throw new TypeError(`${call}: \`${field}\` is not an option; there are ${[...all.keys()].join(", ")}`);
    }
    if (value !== undefined && !rule.accepts(value)) throw fieldError(call, field, rule.expected, value);
  }
  return options;
}

/**
 * The fields that are not undefined, so that they can be laid over defaults.
 *
 * @template {object} Options
 * @param {Options} options
 * @returns {{ [Field in keyof Options]: Exclude<Options[Field], undefined> }}
 */
export function given(options) {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return /** @type {{ [Field in keyof Options]: Exclude<Options[Field], undefined> }} */ (Object.fromEntries(entries));
}

/**
 * @param {string} call
 * @param {string} field
 * @param {string} expected
 * @param {unknown} found
 */
export function fieldError(call, field, expected, found) {
  return new TypeError(`${call}: \`${field}\` should be ${expected}, found ${described(found)}`);
}

/** @param {readonly string[]} values */
export function alternatives(values) {
  const quoted = values.map((value) => `"${value}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/**
 * A value, in few words.
 *
 * @param {unknown} value
 */
export function described(value) {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return `a list: ${value.slice(0, 8).join(", ")}${value.length > 8 ? ", …" : ""}`;
  if (typeof value === "object" && value !== null) return `a value of type ${tagOf(value)}`;
  return typeof value === "function" ? "a function" : String(value);
}

/**
 * The kind of an object, also of one that another frame made.
 *
 * @param {unknown} value
 */
export function tagOf(value) {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/**
 * What an error says.
 *
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
