// A model with random weights, as files to drop: 4 layers, d_model 128, 1,519 edges, 8 prompts of 16 tokens.

const N_LAYERS = 1;
const N_HEADS = 8;
const D_MODEL = 16;
const D_HEAD = D_MODEL / N_HEADS;
const D_VOCAB = 50257;
const N_CTX = 16;

const CONFIG = {
  n_layers: N_LAYERS, n_heads: N_HEADS, d_model: D_MODEL, d_head: D_HEAD, d_mlp: 4 * D_MODEL, n_ctx: N_CTX, d_vocab: D_VOCAB,
  act_fn: "gelu_new", normalization_type: "LNPre", attn_only: false,
};

/** `{ name, base64 }` of weights, config, prompts and scores. */
export function randomModel() {
  const random = generator(1);
  const file = (name, bytes) => ({ name, base64: Buffer.from(bytes).toString("base64") });
  return [
    file("model.safetensors", safetensors(weights(), () => 0.1 * (random() - 0.5))),
    file("tl_config.json", JSON.stringify(CONFIG)),
    file("prompts.json", JSON.stringify(prompts(random))),
    file("scores.safetensors", safetensors(masks(), () => random() - 0.5)),
  ];
}

/** Numbers from 0 to 1 that are the same in every run: a linear congruential generator, with the constants of Numerical Recipes. */
function generator(seed) {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function weights() {
  const shapes = { "embed.W_E": [D_VOCAB, D_MODEL], "pos_embed.W_pos": [N_CTX, D_MODEL] };
  for (let l = 0; l < N_LAYERS; l++) {
    for (const name of "QKV") {
      shapes[`blocks.${l}.attn.W_${name}`] = [N_HEADS, D_MODEL, D_HEAD];
      shapes[`blocks.${l}.attn.b_${name}`] = [N_HEADS, D_HEAD];
    }
    Object.assign(shapes, {
      [`blocks.${l}.attn.W_O`]: [N_HEADS, D_HEAD, D_MODEL], [`blocks.${l}.attn.b_O`]: [D_MODEL],
      [`blocks.${l}.mlp.W_in`]: [D_MODEL, 4 * D_MODEL], [`blocks.${l}.mlp.b_in`]: [4 * D_MODEL],
      [`blocks.${l}.mlp.W_out`]: [4 * D_MODEL, D_MODEL], [`blocks.${l}.mlp.b_out`]: [D_MODEL],
    });
  }
  return Object.assign(shapes, { "unembed.W_U": [D_MODEL, D_VOCAB], "unembed.b_U": [D_VOCAB] });
}

function masks() {
  const shapes = {};
  for (let l = 0; l < N_LAYERS; l++) {
    const nSrc = 1 + l * (N_HEADS + 1);
    for (const name of "qkv") shapes[`blocks.${l}.hook_${name}_input`] = [N_HEADS, nSrc];
    shapes[`blocks.${l}.hook_mlp_in`] = [nSrc + N_HEADS];
  }
  return Object.assign(shapes, { [`blocks.${N_LAYERS - 1}.hook_resid_post`]: [1 + N_LAYERS * (N_HEADS + 1)] });
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
