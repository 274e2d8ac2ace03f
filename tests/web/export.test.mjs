// What is taken away from the page: pictures of it, the circuit's edges, and code that runs the same.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { randomModel } from "./support/random_model.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("what is taken away", ({ page, ui }) => {
  const dialog = () => page.getByRole("dialog", { name: "Save a picture" });
  const choose = (name) => dialog().getByRole("button", { name, exact: true }).click();
  /** Opens the dialog of pictures. */
  const open = async () => {
    await ui.menu("share", /^Picture…/);
    await dialog().waitFor();
  };
  const saved = (format) => ui.saved(() => choose(`Save ${format}`));

  describe("a picture", () => {
    it("is an SVG of its own, named after model, task and size, with a description and a legend in it", async () => {
      await open();
      await choose("SVG");
      const { name, text } = await saved("SVG");
      assert.equal(name, "tracr-reverse-2-edges.svg");
      assert.match(text, /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
      assert.match(text, /data-figure="circuit"/);
      assert.match(text, /data-edge="A3\.0-&gt;Resid End"/);
      assert.match(text, /<desc>[^<]*edge patch/);
      assert.match(text, /Attention head/);
      assert.match(text, /font-family="/);
      assert.doesNotMatch(text, /var\(--/, "no colour is the page's alone");
    });

    it("opens as an image that is not empty", async () => {
      await open();
      await choose("SVG");
      const { text } = await saved("SVG");
      const inks = await page.evaluate(async (svg) => {
        const image = new Image();
        image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
        await image.decode();
        const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
        const pen = canvas.getContext("2d");
        pen.drawImage(image, 0, 0);
        const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
        const inks = new Set();
        for (let i = 0; i < data.length; i += 4) inks.add(data.slice(i, i + 4).join());
        return inks.size;
      }, text);
      assert.ok(inks > 5, `${inks} colours`);
    });

    it("is a PNG at a scale, or a PDF", async () => {
      await open();
      await choose("PNG");
      const png = await saved("PNG");
      assert.equal(png.name, "tracr-reverse-2-edges.png");
      assert.deepEqual([...png.bytes.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
      const width = () => dialog().locator("input[type=number], input[type=text]").first().inputValue();
      // Its header says how many pixels wide it is: a whole number of times the width.
      assert.equal(png.bytes.readUInt32BE(16) % Number(await width()), 0);
      await choose("PDF");
      const pdf = await saved("PDF");
      assert.equal(pdf.name, "tracr-reverse-2-edges.pdf");
      assert.match(pdf.bytes.subarray(0, 8).toString(), /^%PDF-1\./);
    });

    it("is light or dark, whatever the page is", async () => {
      await open();
      await choose("SVG");
      await choose("Light");
      const light = (await saved("SVG")).text;
      await choose("Dark");
      const dark = (await saved("SVG")).text;
      assert.match(light, /class="background"[^>]*fill="#ffffff"/);
      assert.match(dark, /class="background"[^>]*fill="#11151b"/);
    });

    it("is what is on the screen: another look, another direction", async () => {
      await ui.drawScores(randomModel());
      await ui.chooseCount(120);
      await ui.button("Matrix").click();
      await open();
      await choose("SVG");
      const { name, text } = await saved("SVG");
      assert.match(name, /-120-edges\.svg$/);
      assert.match(text, /class="matrix"/);
    });
  });

  describe("the circuit's edges", () => {
    it("are a table, with ranks and scores", async () => {
      const csv = await ui.saved(() => ui.menu("share", /^Edges as CSV/));
      assert.equal(csv.name, "tracr-reverse-2-edges.csv");
      const [head, ...rows] = csv.text.trim().split("\n");
      assert.match(head, /^rank,edge,src,dest,/);
      assert.equal(rows.length, 2);
      assert.ok(rows.some((row) => row.includes("A3.0->Resid End")));
    });

    it("are JSON, which the page takes back", async () => {
      const json = await ui.saved(() => ui.menu("share", /^Edges as JSON/));
      assert.equal(json.name, "tracr-reverse-2-edges.json");
      await ui.press("End");
      await ui.drawn(77);
      await ui.drop([{ name: json.name, base64: json.bytes.toString("base64") }]);
      await ui.drawn(2);
      // The strip is rendered after the drawing.
      await ui.until(async () => (await ui.count()) === 2);
    });
  });

  it("is code for auto-circuit, with what is chosen in it", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await ui.menu("share", /^Copy as Python/);
    await ui.shows(".said", /copied/);
    const code = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(code, /import .*auto_circuit|from auto_circuit/);
    assert.match(code, /run_circuits/);
    assert.match(code, /PatchType\.EDGE_PATCH/);
    assert.match(code, /AblationType\.RESAMPLE/);
  });
});
