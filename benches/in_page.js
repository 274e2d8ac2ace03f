// What the benchmarks' code in a page has in common: random prompts and scores, the same in every run.

/** Numbers from 0 to 1. */
export function generator(seed = 1) {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Pairs of prompts of one length, for a model of this config. */
export function randomPrompts(random, { d_vocab }, n, seq) {
  const tokens = () => Array.from({ length: seq }, () => Math.floor(random() * d_vocab));
  return { prompts: Array.from({ length: n }, () => ({ clean: tokens(), corrupt: tokens(), answers: [0], wrong_answers: [1] })) };
}

/** Random scores for every mask of a graph, as a safetensors file. */
export function randomScores(random, { masks }) {
  const header = {};
  let end = 0;
  for (const [name, shape] of Object.entries(masks)) {
    const start = end;
    end += 4 * shape.reduce((n, d) => n * d, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [start, end] };
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  new Float32Array(bytes.buffer, 8 + text.length).forEach((_, i, numbers) => (numbers[i] = random() - 0.5));
  return bytes;
}

/** Edge counts from 1 to all, evenly spaced in the logarithm. */
export function logSpaced(nEdges, n) {
  const step = Math.log(nEdges) / (n - 1);
  return Array.from({ length: n }, (_, i) => Math.min(nEdges, Math.round(Math.exp(step * i))));
}

/** The median. */
export function middle(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}
