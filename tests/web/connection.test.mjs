// What `circuitscope.js` does when its worker fails, is slow or is told to stop: on workers that have no engine.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { SITE } from "./support/server.mjs";

const WORKER = "/fakes/engine-worker.js";

describe("the connection to the worker", () => {
  let browser, page;
  before(async () => {
    browser = await openBrowser();
    page = browser.page;
  });
  after(() => browser?.close());
  beforeEach(() => page.evaluate(() => window.engine?.close()));

  /** Opens an engine whose worker does one of the things that the fake can do. */
  const open = (behaviour) => {
    return page.evaluate(async (workerUrl) => {
      const { openEngine } = await tests.module();
      window.engine = await openEngine({ workerUrl });
      return engine.device;
    }, `${WORKER}?then=${behaviour}`);
  };

  it("tells the device of an open engine", async () => {
    assert.deepEqual(await open("counts"), { kind: "cpu", name: "none", reason: "a fake" });
  });

  it("sends one call at a time", async () => {
    await open("counts");
    const unanswered = await page.evaluate(async () => {
      const graphs = await Promise.all([engine.graph(), engine.graph(), engine.graph()]);
      return graphs.map(({ nEdges }) => nEdges);
    });
    assert.deepEqual(unanswered, [1, 1, 1]);
  });

  it("rejects every call of a worker that dies, and later ones", async () => {
    await open("dies");
    const outcomes = await page.evaluate(async () => {
      const calls = [engine.graph(), engine.graph()].map(tests.outcome);
      return [...(await Promise.all(calls)), await tests.outcome(engine.graph())];
    });
    for (const outcome of outcomes) assertError(outcome, /worker failed.*out of memory.*open a new engine/);
  });

  it("rejects every call of a worker that loses its device, and later ones", async () => {
    await open("losesDevice");
    const outcomes = await page.evaluate(async () => {
      const calls = [engine.graph(), engine.graph()].map(tests.outcome);
      return [...(await Promise.all(calls)), await tests.outcome(engine.graph())];
    });
    for (const outcome of outcomes) assertError(outcome, /device was lost: the GPU was unplugged.*open a new engine/);
  });

  it("rejects when the worker's script is missing", async () => {
    const outcome = await page.evaluate(async (workerUrl) => {
      const { openEngine } = await tests.module();
      return tests.outcome(openEngine({ workerUrl }));
    }, "/fakes/no-such-worker.js");
    assertError(outcome, /worker failed: its script could not be loaded/);
  });

  it("rejects when the engine's program is missing beside the worker's script", async () => {
    const text = async (file) => (await fetch(browser.server.origin + SITE + file)).text();
    browser.server.add("/alone/module/program.js", await text("module/program.js"));
    const url = browser.server.add("/alone/engine-worker.js", await text("engine-worker.js"));
    const outcome = await page.evaluate(async (workerUrl) => {
      const { openEngine } = await tests.module();
      return tests.outcome(openEngine({ workerUrl }));
    }, url);
    assertError(outcome, /the engine could not be started: .*engine-relaxed\.js/);
  });

  it("rejects what was not answered when the engine is closed, and later calls", async () => {
    await open("runsForEver");
    const outcomes = await page.evaluate(async () => {
      const running = tests.outcome(engine.loadModel({ config: {}, weights: new Uint8Array(1) }));
      engine.close();
      return [await running, await tests.outcome(engine.graph())];
    });
    for (const outcome of outcomes) assertError(outcome, /the engine was closed/);
  });

  it("stops a running call when its signal aborts, and goes on with the next", async () => {
    await open("runsForEver");
    const [aborted, next] = await page.evaluate(async () => {
      const controller = new AbortController();
      const bytes = new Uint8Array(1);
      const running = tests.outcome(engine.runCircuits({ prompts: {}, scores: bytes, signal: controller.signal }));
      const next = tests.outcome(engine.graph());
      controller.abort();
      return Promise.all([running, next]);
    });
    assertError(aborted, /abort/, "AbortError");
    assert.equal(next.value.nEdges, 0);
  });

  it("does not send a call whose signal aborted before", async () => {
    await open("dies");
    const outcomes = await page.evaluate(async () => {
      const controller = new AbortController();
      controller.abort();
      const options = { prompts: {}, scores: new Uint8Array(1), signal: controller.signal };
      const outcome = await tests.outcome(engine.runCircuits(options));
      // This worker would have died of a call.
      return [outcome, await tests.outcome(engine.runCircuits(options))];
    });
    for (const outcome of outcomes) assertError(outcome, /abort/, "AbortError");
  });
});

function assertError({ error }, message, name = "Error") {
  assert.ok(error, "expected a rejection");
  assert.ok(error.isError);
  assert.match(error.message, message);
  assert.equal(error.name, name);
}
