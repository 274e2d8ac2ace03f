// Engines that do what a test wants, in place of the site's own.

import { readFile } from "node:fs/promises";

import { SITE } from "./server.mjs";

const WORKER = `${SITE}engine-worker.js`;
/** A model of one of each, as an engine that loaded it says. */
const CONFIG = {
  family: "transformer_lens", n_layers: 1, n_heads: 1, n_key_value_heads: 1, d_model: 1, d_head: 1, n_ctx: 1, d_vocab: 1,
  d_vocab_out: 1, act_fn: "relu", gated_mlp: false, parallel_attn_mlp: false, normalization: "None", eps: 0,
  gain_offset: 0, embed_scale: 1, positional_embedding: "standard", attention_dir: "causal", attn_windows: [],
  qk_norm: false, attn_scale: 1, tied_unembedding: false,
  biases: { qkv: true, attn_out: true, mlp: true, unembed: true },
};

/** The engine that a server gives to pages. */
export function fakeEngine(server) {
  const is = (script) => server.add(WORKER, script);
  return {
    /** Its script is this one. */
    is,
    /**
     * Does this with every `request`. `reply(event)` answers; `opened()` and `loaded()` answer what opens it and what loads a
     * model, and are true where that was asked.
     */
    does: (script) => is(`self.onmessage = ({ data: [{ id, request }] }) => {
      const reply = (event, to = id) => { self.postMessage([{ id: to, event }, []]); return true; };
      const opened = () => request.type === "open" && reply({ type: "opened", device: { kind: "webgpu", name: "x", reason: "y" } });
      const loaded = () => request.type === "loadModel" && reply({ type: "loaded", config: ${JSON.stringify(CONFIG)}, nParams: 1 });
      ${script}
    };`),
    /** The site's own again. */
    healthy: async () => is(await readFile(new URL("../../../dist/engine-worker.js", import.meta.url))),
  };
}
