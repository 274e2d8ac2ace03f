// Options of the module's calls: what is expected of each, and errors that say so.

// A rule says what is expected of a value, and whether a value is that.
export const anything = { expected: "", accepts: () => true };
export const boolean = { expected: "true or false", accepts: (value) => typeof value === "boolean" };
export const callback = { expected: "a function", accepts: (value) => typeof value === "function" };
export const abortSignal = { expected: "an AbortSignal", accepts: (value) => typeof value?.addEventListener === "function" };

export function oneOf(values) {
  return { expected: alternatives(values), accepts: (value) => values.includes(value) };
}

export function wholeNumber(least) {
  const accepts = (value) => Number.isSafeInteger(value) && value >= least;
  return { expected: `a whole number from ${least}`, accepts };
}

/** The options, if they have no other fields than the rules and every value that is given keeps its rule. */
export function checked(call, options, rules) {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${call}: expected an object of options, found ${described(options)}`);
  }
  for (const [field, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, field)) {
      throw new TypeError(`${call}: \`${field}\` is not an option; there are ${Object.keys(rules).join(", ")}`);
    }
    if (value !== undefined && !rules[field].accepts(value)) throw fieldError(call, field, rules[field].expected, value);
  }
  return options;
}

export function fieldError(call, field, expected, found) {
  return new TypeError(`${call}: \`${field}\` should be ${expected}, found ${described(found)}`);
}

export function alternatives(values) {
  const quoted = values.map((value) => `"${value}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** A value, in few words. */
export function described(value) {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return `a list: ${value.slice(0, 8).join(", ")}${value.length > 8 ? ", …" : ""}`;
  if (typeof value === "object" && value !== null) return `a value of type ${tagOf(value)}`;
  return typeof value === "function" ? "a function" : String(value);
}

/** The kind of an object, also of one that another frame made. */
export function tagOf(value) {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
