// Draws the social card of every demo, `www/demo/NAME/card.png`: `cargo xtask cards` runs it over the built site.
//
// A card is 1200 by 630 pixels, as social networks ask for, with the title of the figure, its size and its poster, in light colours.

import { readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { openBrowser } from "./browser.mjs";
import { encodePng } from "./png.mjs";
import { SITE } from "./server.mjs";

const DEMOS = fileURLToPath(new URL("../../../www/demo/", import.meta.url));
const [WIDTH, HEIGHT] = [1200, 630];
const STYLE = `
  :root { color-scheme: light; }
  body { margin: 0; width: ${WIDTH}px; height: ${HEIGHT}px; box-sizing: border-box; padding: 36px 48px 28px; display: flex; flex-direction: column; background: #fff; color: #1a2029; }
  header { display: flex; justify-content: space-between; font: 600 22px/1.3 "DejaVu Sans Condensed", system-ui, sans-serif; color: #57616e; }
  h1 { margin: 10px 0 14px; font: 600 44px/1.2 Charter, Georgia, "DejaVu Serif Condensed", serif; letter-spacing: -0.01em; text-wrap: balance; }
  img { flex: 1; min-height: 0; width: 100%; object-fit: contain; }
`;

const { server, page, close } = await openBrowser();
try {
  await page.setViewportSize({ width: WIDTH, height: HEIGHT });
  await page.emulateMedia({ colorScheme: "light" });
  for (const name of readdirSync(DEMOS).filter((name) => existsSync(path.join(DEMOS, name, "poster.svg")))) {
    await page.goto(`${server.origin}${SITE}demo/${name}/index.html`);
    const facts = await page.locator(".facts span").first().textContent();
    const { title } = JSON.parse(readFileSync(path.join(DEMOS, name, "figure.json")));
    await page.evaluate(async ({ style, facts, title }) => {
      const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
      const header = document.createElement("header");
      header.append(make("span", "Circuitscope"), make("span", facts));
      const image = Object.assign(new Image(), { src: "poster.svg", alt: "" });
      await image.decode();
      document.head.replaceChildren(make("style", style));
      document.body.replaceChildren(header, make("h1", title), image);
    }, { style: STYLE, facts, title });
    const png = await page.screenshot();
    // Few colours are enough for a drawing: a palette makes a third of it.
    const pixels = await page.evaluate(async (base64) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      let text = "";
      for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
      return btoa(text);
    }, png.toString("base64"));
    const card = encodePng(Buffer.from(pixels, "base64"), WIDTH, HEIGHT);
    writeFileSync(path.join(DEMOS, name, "card.png"), card);
    console.log(`${name}: ${card.length} bytes`);
  }
} finally {
  await close();
}
