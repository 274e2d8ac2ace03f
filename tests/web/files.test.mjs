// Files that are kept beside the models of the hub: asked of the hub's worker as the page asks.

import assert from "node:assert/strict";
import { beforeEach, it } from "node:test";

import { askHubWorker } from "./support/hub.mjs";
import { SITE } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const [CONFIG, WEIGHTS] = [{ name: "config.json", bytes: 3, hash: "00112233445566aa" }, { name: "model.safetensors", bytes: 40 * 2 ** 20, hash: "ffeeddccbbaa9988" }];

await pageSuite("kept files", { anew: false }, ({ server, visitor }) => {
  let page;
  beforeEach(async () => {
    // A browser that keeps nothing yet.
    ({ page } = await visitor());
    await page.goto(server.origin + SITE + "module/store.js");
  });

  const ask = (request, sizes) => askHubWorker(page, request, sizes);

  it("come back whole, each by its hash", async () => {
    assert.deepEqual(await ask({ type: "remembered" }), [{ type: "remembered", files: 0, bytes: 0 }, []]);
    const kept = { type: "remembered", files: 2, bytes: CONFIG.bytes + WEIGHTS.bytes };
    const files = [WEIGHTS, CONFIG];
    assert.deepEqual(await ask({ type: "remember", files }, [WEIGHTS.bytes, CONFIG.bytes]), [kept, []]);
    // What is kept already is not written again.
    assert.deepEqual(await ask({ type: "remember", files }, [0, 0]), [kept, []]);
    const [, found] = await ask({ type: "recall", files });
    assert.deepEqual(found.sort(), [["config.json", 3, 7], ["model.safetensors", WEIGHTS.bytes, 7]]);
    const [, other] = await ask({ type: "recall", files: [{ ...CONFIG, hash: WEIGHTS.hash.replace("f", "0") }] });
    assert.deepEqual(other, [], "a file of the same name and another hash is another file");
    assert.deepEqual((await ask({ type: "recall", files: [{ ...CONFIG, hash: null }] }))[1].length, 1);
    assert.deepEqual(await ask({ type: "kept" }), [{ type: "kept", models: [] }, []], "they are no models of the hub");
    assert.deepEqual(await ask({ type: "forget" }), [{ type: "remembered", files: 0, bytes: 0 }, []]);
    assert.deepEqual((await ask({ type: "recall", files }))[1], []);
  });

  it("leave a tenth of what the browser allows free, and say what did not fit", async () => {
    const huge = { ...WEIGHTS, bytes: Number.MAX_SAFE_INTEGER };
    const [event] = await ask({ type: "remember", files: [huge, CONFIG] }, [1, CONFIG.bytes]);
    assert.equal(event.type, "failed");
    assert.match(event.message, /^model\.safetensors: \d+ MB are too much/);
    assert.deepEqual((await ask({ type: "remembered" }))[0], { type: "remembered", files: 1, bytes: CONFIG.bytes });
  });

  it("are not counted where half of one was written", async () => {
    await ask({ type: "remember", files: [CONFIG, WEIGHTS] }, [CONFIG.bytes, WEIGHTS.bytes]);
    await page.evaluate(async (hash) => {
      const root = await navigator.storage.getDirectory();
      const folder = await (await root.getDirectoryHandle("circuitscope-models")).getDirectoryHandle(`file-${hash}`);
      await folder.removeEntry("1");
    }, WEIGHTS.hash);
    const [, found] = await ask({ type: "recall", files: [CONFIG, WEIGHTS] });
    assert.deepEqual(found.map(([name]) => name), ["config.json"]);
    await ask({ type: "remember", files: [WEIGHTS] }, [WEIGHTS.bytes]);
    assert.equal((await ask({ type: "recall", files: [CONFIG, WEIGHTS] }))[1].length, 2);
  });
});
