// A model with random weights, as files to drop, and 8 prompts of 16 tokens.

const D_VOCAB = 512;
const N_CTX = 16;

/** 1,519 edges. */
const SMALL = { nLayers: 4, nHeads: 8, dHead: 16 };
/** 32,491 edges, as GPT-2 small has, and small weights. */
export const GPT2_SMALL = { nLayers: 12, nHeads: 12, dHead: 4 };
/** About 416,000 edges, and weights that are small nevertheless. */
export const MANY_EDGES = { nLayers: 32, nHeads: 16, dHead: 2 };

/** `{ name, base64 }` of weights, config, prompts and scores. */
export function randomModel(sizes = SMALL) {
  const random = generator(1);
  const file = (name, bytes) => ({ name, base64: Buffer.from(bytes).toString("base64") });
  return [
    file("model.safetensors", safetensors(weights(sizes), () => 0.1 * (random() - 0.5))),
    file("tl_config.json", JSON.stringify(config(sizes))),
    file("prompts.json", JSON.stringify(prompts(random))),
    file("scores.safetensors", safetensors(masks(sizes), () => random() - 0.5)),
  ];
}

function config({ nLayers, nHeads, dHead, dModel = nHeads * dHead, dMlp = 4 * dModel, nCtx = N_CTX, attentionDir = "causal" }) {
  return {
    attention_dir: attentionDir, n_layers: nLayers, n_heads: nHeads, d_model: dModel, d_head: dHead, d_mlp: dMlp, n_ctx: nCtx, d_vocab: D_VOCAB,
    act_fn: "gelu_new", normalization_type: "LNPre", attn_only: false,
  };
}

/** Numbers from 0 to 1 that are the same in every run: a linear congruential generator, with the constants of Numerical Recipes. */
function generator(seed) {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function weights({ nLayers, nHeads, dHead, dModel = nHeads * dHead, dMlp = 4 * dModel, nCtx = N_CTX }) {
  const shapes = { "embed.W_E": [D_VOCAB, dModel], "pos_embed.W_pos": [nCtx, dModel] };
  for (let l = 0; l < nLayers; l++) {
    for (const name of "QKV") {
      shapes[`blocks.${l}.attn.W_${name}`] = [nHeads, dModel, dHead];
      shapes[`blocks.${l}.attn.b_${name}`] = [nHeads, dHead];
    }
    Object.assign(shapes, {
      [`blocks.${l}.attn.W_O`]: [nHeads, dHead, dModel], [`blocks.${l}.attn.b_O`]: [dModel],
      [`blocks.${l}.mlp.W_in`]: [dModel, dMlp], [`blocks.${l}.mlp.b_in`]: [dMlp],
      [`blocks.${l}.mlp.W_out`]: [dMlp, dModel], [`blocks.${l}.mlp.b_out`]: [dModel],
    });
  }
  return Object.assign(shapes, { "unembed.W_U": [dModel, D_VOCAB], "unembed.b_U": [D_VOCAB] });
}

function masks({ nLayers, nHeads }) {
  const shapes = {};
  for (let l = 0; l < nLayers; l++) {
    const nSrc = 1 + l * (nHeads + 1);
    for (const name of "qkv") shapes[`blocks.${l}.hook_${name}_input`] = [nHeads, nSrc];
    shapes[`blocks.${l}.hook_mlp_in`] = [nSrc + nHeads];
  }
  return Object.assign(shapes, { [`blocks.${nLayers - 1}.hook_resid_post`]: [1 + nLayers * (nHeads + 1)] });
}

function prompts(random) {
  const tokens = () => Array.from({ length: N_CTX }, () => Math.floor(random() * D_VOCAB));
  const pair = () => ({ clean: tokens(), corrupt: tokens(), answers: [1], wrong_answers: [2] });
  return { prompts: Array.from({ length: 8 }, pair) };
}

function safetensors(shapes, number) {
  const header = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const start = end;
    end += 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, Buffer.from(Float32Array.from({ length: end / 4 }, number).buffer)]);
}
