// The page with a tokenizer: text prompts, tokens as text, and prompts typed in by hand.

import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { cases } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const file = (leaf) => path.join(cases, "gpt2-text", leaf);
const tokenizer = (leaf) => fileURLToPath(new URL(`../fixtures/tokenizers/gpt2/${leaf}`, import.meta.url));

// Each test goes on where the one before left the page.
await pageSuite("the page with text prompts", { anew: false }, ({ page, ui, server }) => {
  page.setDefaultTimeout(60_000);
  before(async () => {
    await ui.open();
    await ui.onCpu();
  });

  const choose = async (...files) => {
    await ui.section("model");
    await page.setInputFiles("input[type=file]:not([webkitdirectory])", files);
  };
  const pairs = () => page.locator(".prompt .cs-tokens .pair");

  it("asks for their tokenizer, and fetches the reader only then", async () => {
    await choose(...["config.json", "model.safetensors", "prompts.json", "graph0.scores.safetensors"].map(file));
    await page.getByRole("alert").getByText("a tokenizer is needed for these prompts").waitFor();
    assert.equal(await ui.runButton().count(), 0);
    const asked = () => server.requests.filter(({ pathname }) => pathname.includes("reader")).length;
    assert.equal(asked(), 0);
    await choose(tokenizer("tokenizer.json"), tokenizer("tokenizer_config.json"));
    await ui.shows(".prompt .cs-tokens .pairs", /Ada/);
    assert.ok(asked() > 0);
    await ui.runButton().waitFor();
    assert.ok(await ui.runButton().isEnabled());
  });

  it("shows prompts token by token, what is filled up, and where they differ", async () => {
    const shown = await pairs().evaluateAll((pairs) => pairs.map((pair) => [...pair.children].map((token) => token.textContent)));
    // The corrupt prompt is two tokens longer: the clean one is filled up on the left, as the model is given it.
    assert.deepEqual(shown[0], ["", "<|endoftext|>"]);
    assert.deepEqual([shown[1][0], shown[2][0]], ["", "<|endoftext|>"]);
    assert.deepEqual(shown.at(-1).map((text) => text.replace("␣", "")), ["to", "to"]);
    const differ = await page.locator(".prompt .cs-tokens .pair.differs").count();
    assert.ok(differ > 0 && differ < shown.length);
    await ui.shows(".prompt > .quiet", new RegExp(`^${differ} of ${shown.length} tokens differ\\. Answer “␣?Ben”`));
    const prompts = await page.locator("#prompt option").allInnerTexts();
    assert.match(prompts[0], /^1: <\|endoftext\|>Ada␣and/);
  });

  it("runs them and shows the likeliest tokens as text", async () => {
    await ui.shut();
    await ui.run();
    await page.waitForSelector(".cs-next tbody tr");
    const tokens = await page.locator(".cs-next tbody th").allInnerTexts();
    assert.equal(tokens.length, 8);
    assert.ok(tokens.every((token) => !/^\d+$/.test(token)), tokens.join(" "));
  });

  it("reads them anew without BOS", async () => {
    await ui.section("settings");
    await page.getByLabel("Begin with BOS").uncheck();
    await page.locator("#prompt option", { hasText: /^1: Ada␣and/ }).waitFor({ state: "attached" });
    await page.getByLabel("Begin with BOS").check();
    await page.locator("#prompt option", { hasText: /^1: <\|endoftext\|>/ }).waitFor({ state: "attached" });
  });

  it("says what needs prompts of one length", async () => {
    await ui.section("settings");
    await page.getByLabel("Each position apart").check();
    await ui.status(/a token-wise graph needs one length/);
    await ui.section("model");
    await page.getByRole("alert").getByText(/a token-wise graph needs one length/).waitFor();
    await ui.section("settings");
    await page.getByLabel("Each position apart").uncheck();
    await ui.runButton().waitFor();
  });

  describe("prompts typed in by hand", () => {
    const editor = () => page.locator(".prompt-editor");
    const use = () => page.getByRole("button", { name: "Use these prompts" });

    it("start from those in use", async () => {
      await ui.section("prompts");
      await page.getByRole("button", { name: "Edit those in use" }).click();
      assert.equal(await page.inputValue("#clean-1"), "Ada and Ben, Ada gave a ring to");
      assert.equal(await page.inputValue("#answers-2"), " Dan\n Ada");
      assert.equal(await editor().locator(".draft-pair").count(), 4);
    });

    it("line up token by token, unequal lengths being explained", async () => {
      await page.getByText("Corrupt is 2 tokens longer").waitFor();
      await page.getByText("Shorter ones are filled up on the left").waitFor();
      await page.fill("#corrupt-1", "Ada and Ben, Ben gave a ring to");
      await page.getByText("Corrupt is 2 tokens longer").waitFor({ state: "detached" });
      const first = editor().locator(".draft-pair").first();
      await first.locator(".token-rows li").first().waitFor();
      assert.deepEqual(await first.locator(".differs").allInnerTexts(), ["␣Ada\n␣Ben"]);
    });

    it("show the tokens of an answer that is not one", async () => {
      await page.fill("#answers-1", "Cleo");
      await editor().getByText("2 tokens: an answer is one token, most often with a space before it").waitFor();
      assert.ok(await use().isDisabled());
      await page.fill("#answers-1", " Ben");
      await editor().locator(".answer-tokens .wrong").waitFor({ state: "detached" });
    });

    it("can be added, removed, saved and used", async () => {
      for (let n = 4; n > 1; n -= 1) await page.getByLabel(`Remove pair ${n}`).click();
      await page.getByText(/Every prompt has \d+ tokens/).waitFor();
      const { text } = await ui.saved(() => page.getByRole("button", { name: "Save as JSON" }).click());
      assert.deepEqual(JSON.parse(text), {
        prompts: [{
          clean: "Ada and Ben, Ada gave a ring to",
          corrupt: "Ada and Ben, Ben gave a ring to",
          answers: [" Ben"],
          wrong_answers: [" Ada"],
        }],
      });
      await use().click();
      await ui.shows("[data-section=prompts]", /typed-prompts\.json/);
      await page.waitForFunction(() => document.querySelectorAll("#prompt option").length === 1);
      await ui.run();
    });
  });

  it("types token ids where there is no tokenizer", async () => {
    await ui.section("model");
    await page.getByRole("button", { name: "Back to the demo" }).click();
    await ui.section("prompts");
    await page.getByText("Type token ids").waitFor();
    await page.getByRole("button", { name: "Edit those in use" }).click();
    await page.locator(".prompt-editor .token-rows").first().waitFor();
    await page.fill("#clean-1", "3 0 x");
    await page.getByText("Pair 1, clean: x is no token id.").waitFor();
  });
});
