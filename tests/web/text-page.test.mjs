// The page with a tokenizer: text prompts, tokens as text, and prompts typed in by hand.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { openBrowser } from "./support/browser.mjs";
import { SITE, cases } from "./support/server.mjs";

const file = (leaf) => path.join(cases, "gpt2-text", leaf);
const tokenizer = (leaf) => fileURLToPath(new URL(`../fixtures/tokenizers/gpt2/${leaf}`, import.meta.url));

describe("the page with text prompts", () => {
  let browser, page;
  before(async () => {
    browser = await openBrowser(SITE);
    page = browser.page;
    page.setDefaultTimeout(60_000);
    await page.selectOption("#device", { label: "CPU" });
  });
  after(() => browser?.close());

  const drop = (...files) => page.setInputFiles("input[type=file]", files);
  const run = () => page.getByRole("button", { name: "Run", exact: true });
  const shownTokens = () => page.locator(".tokens .token-rows li");

  it("asks for their tokenizer, and fetches the reader only then", async () => {
    await drop(...["config.json", "model.safetensors", "prompts.json", "graph0.scores.safetensors"].map(file));
    await page.getByRole("alert").getByText("a tokenizer is needed for these prompts").waitFor();
    assert.ok(await run().isDisabled());
    const asked = () => browser.server.requests.filter(({ pathname }) => pathname.includes("reader")).length;
    assert.equal(asked(), 0);
    await drop(tokenizer("tokenizer.json"), tokenizer("tokenizer_config.json"));
    await shownTokens().first().waitFor();
    assert.ok(asked() > 0);
    assert.ok(await run().isEnabled());
  });

  it("shows prompts token by token, what is filled up, and where they differ", async () => {
    const texts = await shownTokens().allInnerTexts();
    assert.equal(texts[0], "9 pad\n9 pad");
    assert.ok(texts.includes("pad\n<|endoftext|>"));
    assert.ok(texts.includes("␣to\n␣to"));
    assert.ok((await page.locator(".tokens .token-rows .differs").count()) > 0);
    const prompts = await page.locator("#prompt option").allInnerTexts();
    assert.match(prompts[0], /^1: <\|endoftext\|>Ada␣and/);
  });

  it("runs them and shows the likeliest tokens as text", async () => {
    await run().click();
    await page.getByText("Done:").waitFor();
    await page.locator(".token-column li").first().waitFor();
    const tokens = await page.locator(".token-column .token").allInnerTexts();
    assert.equal(tokens.length, 24);
    assert.ok(tokens.some((token) => /[^0-9✓✗]/.test(token)), tokens.join(" "));
  });

  it("reads them anew without BOS", async () => {
    await page.getByLabel("Begin with BOS").uncheck();
    await page.locator("#prompt option", { hasText: /^1: Ada␣and/ }).waitFor({ state: "attached" });
    await page.getByLabel("Begin with BOS").check();
    await page.locator("#prompt option", { hasText: /^1: <\|endoftext\|>/ }).waitFor({ state: "attached" });
  });

  it("says what needs prompts of one length", async () => {
    await page.getByLabel("Each position apart").check();
    await page.getByRole("alert").getByText(/a token-wise graph needs one length/).waitFor();
    await page.getByLabel("Each position apart").uncheck();
  });

  describe("prompts typed in by hand", () => {
    const editor = () => page.locator(".prompt-editor");
    const use = () => page.getByRole("button", { name: "Use these prompts" });

    it("start from those in use", async () => {
      await page.getByText("Write prompts").click();
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
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save as JSON" }).click(),
      ]);
      const chunks = await (await download.createReadStream()).toArray();
      assert.deepEqual(JSON.parse(Buffer.concat(chunks)), {
        prompts: [{
          clean: "Ada and Ben, Ada gave a ring to",
          corrupt: "Ada and Ben, Ben gave a ring to",
          answers: [" Ben"],
          wrong_answers: [" Ada"],
        }],
      });
      await use().click();
      await page.locator(".file", { hasText: "typed-prompts.json" }).waitFor();
      await page.waitForFunction(() => document.querySelectorAll("#prompt option").length === 1);
      await run().click();
      await page.getByText("Done:").waitFor();
    });
  });

  it("types token ids where there is no tokenizer", async () => {
    await page.getByRole("button", { name: "Back to the demo" }).click();
    await page.getByText("Type token ids").waitFor();
    await page.getByRole("button", { name: "Edit those in use" }).click();
    await page.locator(".prompt-editor .token-rows").first().waitFor();
    await page.fill("#clean-1", "3 0 x");
    await page.getByText("Pair 1, clean: x is no token id.").waitFor();
  });
});
