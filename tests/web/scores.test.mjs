// Scores and circuits of other programs in the page and in the module: `tests/fixtures/formats`, and what is downloaded.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, it } from "node:test";

import { caseFile } from "./support/cases.mjs";
import { numbers, parse } from "./support/safetensors.mjs";
import { cases } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const FORMATS = path.join(cases, "../formats");
/** GPT-2 small's published circuit, which is not part of the project. */
const PUBLISHED = path.join(cases, "../../../../shared/reference/formats/ioi-eap-ig.gpt2-small.mib.json");
const format = (name) => ({ name, base64: readFileSync(path.join(FORMATS, name)).toString("base64") });
const text = (name, contents) => ({ name, base64: Buffer.from(contents).toString("base64") });

/** The numbers of the scores of the case `gpt2`, by module. */
function expectedScores() {
  return parse(caseFile("gpt2", "graph0.scores.safetensors"));
}

await pageSuite("scores of other programs", ({ page, ui }) => {
  page.setDefaultTimeout(30_000);
  beforeEach(() => ui.section("scores"));

  const dropModel = () => ui.dropCase("gpt2", ["model.safetensors", "config.json", "prompts.json"]);
  const line = (pattern) => ui.shows(".scores-line", pattern);
  /** What the download of the scores in a format holds. */
  const download = async (label, circuitOnly = false) => {
    await page.selectOption("#save-scores-format", { label });
    if (circuitOnly) await page.getByLabel("shown circuit only").check();
    return ui.saved(() => ui.button("Download").click());
  };
  /** The scores in use are those of the case `gpt2`, times a factor. */
  const assertScores = async (factor = 1) => {
    const { bytes } = await download("safetensors of PruneScores");
    const [found, expected] = [parse(bytes), expectedScores()];
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const [name, tensor] of Object.entries(expected)) {
      assert.deepEqual([...numbers(found[name])], [...numbers(tensor)].map((x) => factor * x), name);
    }
  };

  for (const [name, pattern] of [
    ["gpt2.scores.pt", /^torch file/],
    ["gpt2.mib.json", /JSON · a circuit of 33 edges/],
    ["gpt2.mib.pt", /MIB circuit, torch file · a circuit of 33 edges/],
  ]) {
    it(`opens ${name}`, async () => {
      await dropModel();
      await ui.drop([format(name)]);
      await line(pattern);
      await assertScores();
      if (name.includes("mib")) {
        assert.equal(await ui.count(), 33);
        await ui.drawn(33);
        assert.match(await page.textContent(".scores-io"), /token embedding alone/);
      }
    });
  }

  it("lets one of a cache's scores be chosen, and runs with it", async () => {
    await ui.drop([format("gpt2.task-prune-scores.pkl")]);
    // Scores of another model are wrong for the demo.
    await page.waitForSelector("[data-section=scores].bad");
    await dropModel();
    await line(/torch file.*EAP/);
    assert.deepEqual(await page.locator(".scores-choice option").allTextContents(), ["Tiny Task/EAP", "Tiny Task/Random"]);
    await assertScores();
    await page.selectOption(".scores-choice select", "Tiny Task/Random");
    await line(/Random/);
    await assertScores(-2);
    await ui.onCpu();
    await ui.run();
  });

  it("opens exactly the circuit that an EAP-IG file marks", async () => {
    await dropModel();
    await ui.drop([format("gpt2.mib.json")]);
    await line(/33 edges/);
    await page.selectOption(".scores-choice select", "circuit");
    await page.waitForFunction(() => document.querySelector(".scores-choice select")?.value === "circuit");
    await ui.drawn(33);
    // All others have the score 0, and so come in together.
    await ui.chooseCount(34);
    await ui.countIs(110);
  });

  it("sets the graph that a list of edges is of", async () => {
    await dropModel();
    await ui.drop([text("mine.csv", "edge\nResid Start->A0.1\nA0.1->MLP 1\n")]);
    await line(/edge list, CSV · a circuit of 2 edges/);
    await ui.drawn(2);
    assert.ok(await ui.ribbon("A0.1->MLP 1").count());
  });

  it("lists the edges that the model does not have", async () => {
    await dropModel();
    await ui.drop([text("wrong.json", JSON.stringify(["A0.1->MLP 1", "A9.1->MLP 1"]))]);
    await ui.section("model");
    await ui.shows("ul[aria-label=Files]", /1 edge \(`A9\.1->MLP 1`\)/);
    assert.equal(await ui.fileState("Scores"), "wrong");
  });

  it("refuses a pickle that asks for more than data, by name", async () => {
    await dropModel();
    await ui.drop([format("module.pt")]);
    await ui.section("model");
    await ui.shows("ul[aria-label=Files]", /torch\.nn\.modules\.linear\.Linear/);
  });

  it("downloads scores in every format, and opens what it saved", async () => {
    await dropModel();
    await ui.drop(["/cases/gpt2/graph0.scores.safetensors"]);
    await ui.allReady();
    await ui.chooseCount(7);
    await ui.drawn(7);
    const csv = await download("edge list, CSV", true);
    assert.equal(csv.name, "graph0.scores-7-edges.csv");
    assert.equal(csv.bytes.toString().trim().split("\n").length, 8);
    for (const label of ["EAP-IG / MIB circuit, JSON", "edge list, JSON", "safetensors of PruneScores"]) {
      if (await page.getByLabel("shown circuit only").count()) await page.getByLabel("shown circuit only").uncheck();
      const { name, bytes } = await download(label);
      await ui.drop([{ name: `again-${name}`, base64: bytes.toString("base64") }]);
      await page.locator(".scores-list li.chosen", { hasText: `again-${name}` }).waitFor();
      await ui.allReady();
      await assertScores();
    }
    assert.match(await page.textContent(".scores-line"), /graph0\.scores.* · gpt2, 2 layers, 4 heads/);
  });

  it("draws GPT-2 small's published circuit in under a second", { skip: !existsSync(PUBLISHED) }, async () => {
    const config = {
      model_type: "gpt2", n_layer: 12, n_head: 12, n_embd: 768, vocab_size: 50257, n_positions: 1024, n_ctx: 1024,
      activation_function: "gelu_new", layer_norm_epsilon: 1e-5,
    };
    await ui.drop([text("config.json", JSON.stringify(config)), format("gpt2.scores.pt")]);
    // The reader is fetched and started by the file before.
    await page.waitForSelector("[data-section=scores].bad");
    const file = { name: "ioi.json", base64: readFileSync(PUBLISHED).toString("base64") };
    const times = await page.evaluate(async (file) => {
      const blob = await (await fetch(`data:;base64,${file.base64}`)).blob();
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], file.name));
      const start = performance.now();
      document.querySelector(".page").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
      const until = async (done) => {
        while (!done()) await new Promise((resolve) => requestAnimationFrame(resolve));
        return performance.now() - start;
      };
      const read = await until(() => document.querySelector(".scores-choice"));
      // As many as are drawn, with those of the grey stream.
      const shown = /(\d+) edges drawn; not drawn: (\d+) edges of the circuit,? 31735 edges outside it/;
      const counts = () => shown.exec(document.querySelector(".left-out").textContent.replaceAll(",", ""));
      const drawn = await until(() => {
        const [, n, rest] = counts() ?? [];
        return Number(n) + Number(rest) === 756 && document.querySelector(".cs-drawing .ribbons > [data-edge]");
      });
      return { read, drawn };
    }, file);
    console.log(`read in ${times.read.toFixed(0)} ms, drawn after ${times.drawn.toFixed(0)} ms`);
    assert.match(await page.textContent(".caption"), /^The 756 edges of 32,491 that matter most/);
    assert.match(await page.textContent(".scores-io"), /756 edges as its circuit, 717 of them/);
    assert.ok(times.drawn < 1000, `it took ${times.drawn} ms`);
    await page.selectOption(".scores-choice select", "circuit");
    await page.waitForFunction(() => !/717 of them/.test(document.querySelector(".scores-io").textContent));
    await ui.shut();
    await page.getByRole("button", { name: "Heads apart" }).click();
    await ui.drawn(756);
    assert.equal(await ui.count(), 756);
  });
});
