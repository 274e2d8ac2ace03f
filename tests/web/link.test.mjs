// The page's address: it says what is on the screen, another page opens it, Back and a reload lose nothing.

import assert from "node:assert/strict";
import { beforeEach, it } from "node:test";

import { DEMO } from "./support/page.mjs";
import { SITE } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const GPT2 = ["model.safetensors", "config.json", "prompts.json", "graph0.scores.safetensors"];

await pageSuite("the page's address", { anew: false }, ({ server, visitor }) => {
  let page, context;
  beforeEach(async () => {
    // Each test is a browser that keeps nothing yet.
    ({ context, page } = await visitor());
    await goTo(page, "");
  });

  const goTo = async (page, fragment) => {
    await page.goto(server.origin + SITE + DEMO + fragment);
    await page.locator(".page:not(.shell)").getByRole("slider").first().waitFor();
  };
  /** Another page of the same browser, at a fragment. */
  const open = async (fragment) => {
    const opened = await context.newPage();
    await goTo(opened, fragment);
    return opened;
  };
  const slider = (on = page) => on.getByRole("slider", { name: "Edges kept in the circuit" });
  const k = (on = page) => slider(on).getAttribute("aria-valuenow");
  const press = async (key) => {
    await slider().focus();
    await page.keyboard.press(key);
  };
  const fragment = (on = page) => on.evaluate(() => location.hash);
  const says = (text, on = page) => on.waitForFunction((text) => location.hash.includes(text), text);
  const saysNothing = () => page.waitForFunction(() => location.hash === "");
  const kIs = (value, on = page) => on.waitForFunction((value) => document.querySelector("[role=slider]")?.ariaValueNow === value, value);
  const dropCase = (files) => page.evaluate(async (files) => {
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(new File([await (await fetch(`/cases/gpt2/${file}`)).blob()], file));
    const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
    document.querySelector(".page").dispatchEvent(new DragEvent("drop", event));
  }, files);
  const notice = (on = page) => on.locator(".link-notice");

  it("says nothing of the demo as it is at first", async () => {
    await page.keyboard.press("1");
    await says("drawer=edges");
    await page.keyboard.press("1");
    await saysNothing();
  });

  it("says which circuit is chosen and what is selected; another page and a reload show the same", async () => {
    await press("End");
    await says("k=77");
    await page.locator("[data-edge]").first().dispatchEvent("click");
    await says("select=");
    const selected = new URLSearchParams((await fragment()).slice(1)).get("select");
    const other = await open(await fragment());
    assert.equal(await k(other), "77");
    await says(new URLSearchParams({ select: selected }).toString().slice(0, 8), other);
    assert.equal(await fragment(other), await fragment());
    await page.reload();
    await slider().waitFor();
    assert.equal(await k(), "77");
    assert.ok(!server.requests.some(({ pathname }) => /engine[^/]*\.wasm$/.test(pathname)), "no engine is fetched for a link");
  });

  it("goes back and forth between circuits", async () => {
    await press("End");
    await says("k=77");
    await press("Home");
    await says("k=0");
    await page.goBack();
    await kIs("77");
    await page.goBack();
    await kIs("2");
    await saysNothing();
    await page.goForward();
    await kIs("77");
  });

  it("goes back to what the page opened with, however soon another circuit was chosen", async () => {
    const { page } = await visitor();
    await page.addInitScript(() => {
      const press = () => {
        const knob = document.querySelector("[data-strip-handle]");
        if (!knob) return requestAnimationFrame(press);
        knob.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true, cancelable: true }));
      };
      press();
    });
    await goTo(page, "");
    await says("k=77", page);
    await page.goBack();
    await kIs("2", page);
    assert.equal(await fragment(page), "");
  });

  it("asks for the files that it names, and restores the rest once they are there", async () => {
    await dropCase(GPT2);
    await says("scores=");
    await press("PageUp");
    const circuit = await k();
    await says(`k=${circuit}`);
    const link = await fragment();
    const other = await open(link);
    await notice(other).waitFor();
    assert.match(await notice(other).innerText(), /^This link needs: model\.safetensors, config\.json, prompts\.json, graph0\.scores\.safetensors\./);
    assert.equal(await fragment(other), link, "the link is not lost while files are missing");
    page = other;
    await dropCase(GPT2);
    await kIs(circuit);
    assert.equal(await notice().count(), 0);
    assert.equal(await fragment(), link);
    // The demo is a step back, and the files are still there a step forth.
    await page.evaluate(() => (location.hash = ""));
    await kIs("2");
    await page.goBack();
    await kIs(circuit);
  });

  it("is copied from the menu", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await press("End");
    await page.locator(".share > button").first().click();
    await page.getByRole("button", { name: /^Copy link/ }).click();
    await page.getByText("Link copied.").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, `${server.origin}${SITE}${DEMO}#v=1&k=77`);
  });

  it("opens a changed circuit without an engine, which runs when that is asked for", async () => {
    const visit = await visitor();
    const edges = ["A3.0->Resid End", "Resid Start->A3.0.V"];
    const link = new URLSearchParams([["v", "1"], ...edges.map((edge) => ["edge", `${edge},0`]), ["select", edges[0]]]);
    server.requests.length = 0;
    await visit.ui.visit(`${DEMO}#${link}`);
    const inspector = visit.ui.inspector();
    await inspector.getByText("The changed circuit has not been run. Run it").waitFor();
    assert.match(await inspector.innerText(), /^A3\.0 → Unembed/);
    assert.equal(await visit.page.getByRole("switch", { name: "In the circuit" }).getAttribute("aria-checked"), "false");
    await visit.ui.shows(".left-out", /2 edges changed, 2 of them taken out/);
    assert.equal(await inspector.locator("table.effects").count(), 0);
    await visit.ui.onCpu();
    assert.ok(!visit.ui.asked().some((name) => name.startsWith("engine")), "no engine is fetched for a link");
    await inspector.getByRole("button", { name: "Run it" }).click();
    await inspector.locator("table.effects").waitFor();
    // What the recorded circuit of no edges has.
    assert.deepEqual(await inspector.locator("table.effects tbody tr").first().locator("th, td").allInnerTexts(), ["KL", "0.00", "0.27", "+0.27"]);
    assert.equal(await inspector.getByText("has not been run").count(), 0);
    await visit.ui.status(/Done: the chosen circuit/);
  });

  it("can be dismissed, and is then that of what is shown", async () => {
    page = await open("#v=1&prompts=0123456789abcdef,10,prompts.json&k=77");
    await notice().getByRole("button", { name: "Go on without it" }).click();
    await saysNothing();
    assert.equal(await notice().count(), 0);
  });

  it("may hold anything", async () => {
    page = await open("#v=1&k=-5&edge=<img src=x>,1&window=9-1&drawer=edges&nothing=%");
    assert.match(await notice().innerText(), /Not all of this link could be read/);
    await page.getByRole("button", { name: "Dismiss", exact: true }).click();
    await says("drawer=edges");
    assert.equal(await k(), "2");
  });

  it("opens files that were kept, after a reload, and forgets them", async () => {
    const model = page.locator("[data-section=model]");
    await model.click();
    const remember = page.getByRole("checkbox", { name: "Remember these files in this browser" });
    assert.equal(await remember.isChecked(), false);
    await remember.check();
    await dropCase(GPT2);
    await page.locator(".remember", { hasText: "4 files kept" }).waitFor();
    await says("scores=");
    const before = await fragment();
    await page.reload();
    await slider().waitFor();
    await page.waitForFunction(() => /GPT-2/.test(document.querySelector(".model").textContent));
    assert.equal(await notice().count(), 0);
    assert.equal(await fragment(), before);
    await model.click();
    await page.getByRole("button", { name: "Forget" }).click();
    await page.getByRole("button", { name: "Forget" }).waitFor({ state: "detached" });
    await page.reload();
    await notice().waitFor();
    assert.match(await notice().innerText(), /^To go on where you were: drop or choose model\.safetensors/);
  });
});
