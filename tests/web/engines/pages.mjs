// The pages that every engine visits, and what is done on each. To visit another: a line in PAGES, and its steps.

import assert from "node:assert/strict";

import { assertClose } from "../support/cases.mjs";
import { SITE } from "../support/server.mjs";
import { drawn, followsDrag, followsKeys } from "./figure.mjs";

/**
 * The pages: what each is, where it is below the server's top, its steps in order, `name: (hands, server) => …`, and what is in it
 * where it is no page of the site.
 */
export const PAGES = [
  {
    name: "the page",
    path: SITE,
    steps: {
      "is drawn with its recorded results, before the engine is fetched": isDrawnFirst,
      "follows the strip by keys": followsKeys,
      "follows the strip as it is dragged": followsDrag,
      "computes on the CPU what was recorded": computesTheSame,
      "saves a picture as SVG and as PNG": savesPictures,
    },
  },
  {
    name: "the gallery, and a demo from it",
    path: `${SITE}gallery.html`,
    steps: {
      "is narrowed to a kind": isNarrowed,
      "leads to a demo, which is drawn": leadsToADemo,
      "follows the strip by keys": followsKeys,
      "follows the strip as it is dragged": followsDrag,
      "is run live, and has the numbers that were recorded": isVerified,
      "gives what is shown, takes it again, and gives its drawing as SVG": savesItself,
    },
  },
  {
    name: "a figure in an iframe",
    path: "/article.html",
    body: `<iframe src="${SITE}embed.html?figure=demo/induction/figure.json&engine=cpu" style="width: 100%; height: 100px; border: 0"></iframe>
      <script>const frame = document.querySelector("iframe");
        addEventListener("message", ({ data, source }) => { if (source === frame.contentWindow && data.type === "circuitscope:height") frame.style.height = data.height + "px"; });</script>`,
    steps: {
      "is drawn, in a frame as high as it": isAsHigh,
      "follows the strip by keys": followsKeys,
      "follows the strip as it is dragged": followsDrag,
      "takes a size from the page around it": takesSize,
      "is run live, and has the numbers that were recorded": isVerified,
      "gives what is shown, takes it again, and gives its drawing as SVG": savesItself,
    },
  },
];

async function isAsHigh(hands) {
  await drawn(hands, { above: 0 });
  await hands.until(() => {
    const frame = document.querySelector("iframe");
    return frame.clientHeight > 500 && frame.clientHeight >= frame.contentDocument.querySelector("main").getBoundingClientRect().height;
  });
}

async function takesSize(hands) {
  await hands.look(() => document.querySelector("iframe").contentWindow.postMessage({ type: "circuitscope:set", edges: 7 }, location.origin));
  assert.equal(await drawn(hands, { above: 6, below: 8 }), 7);
}

async function isDrawnFirst(hands, server) {
  await drawn(hands, { above: 0 });
  await hands.shows(".status", /^Recorded/);
  assert.ok(!server.requests.some(({ pathname }) => /\/engine/.test(pathname)), "no engine was asked for");
}

async function isNarrowed(hands) {
  const kinds = () => hands.look(() => all(".card[data-kind]").filter(({ element }) => element.checkVisibility()).map(({ element }) => element.dataset.kind));
  assert.ok(new Set(await kinds()).size > 1);
  await hands.clickOn(".kinds label:last-of-type");
  assert.deepEqual([...new Set(await kinds())], ["Compiled by Tracr"]);
  await hands.clickOn(".kinds label:first-of-type");
}

async function leadsToADemo(hands) {
  await hands.clickOn('.card a[href="demo/ioi/"]');
  await hands.until(() => location.pathname.endsWith("/demo/ioi/"));
  await drawn(hands, { above: 0 });
}

async function isVerified(hands) {
  await hands.click("button", "Run live");
  await hands.shows("[part~=foot]", /[Vv]erified/);
}

async function savesItself(hands) {
  const n = await drawn(hands, { above: 0 });
  const { saved, svg } = await hands.look(() => {
    const [{ element }] = all("circuit-scope");
    return { saved: element.save(), svg: element.exportSvg({ theme: "light" }) };
  });
  assert.equal(saved.edges, n);
  assert.match(svg, /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.equal(svg.match(/ data-edge="/g).length, n);
  await hands.press("[role=slider][data-strip-handle]", "Home");
  assert.equal(await drawn(hands, { below: 1 }), 0);
  await hands.look((saved) => all("circuit-scope")[0].element.restore(saved), saved);
  assert.equal(await drawn(hands, { above: 0 }), n);
}

/** Saves the curves: of each circuit and measure the mean, with all decimals. */
async function savedMeans(hands) {
  const { text } = await hands.saved(() => hands.clickOn(".saves button"));
  const lines = text.trim().split("\n").slice(1).map((line) => line.split(","));
  // A curve's name may have commas; the nine columns after it have none.
  return new Map(lines.map((line) => [`${line.at(-6)} of ${line.at(-8)} edges`, Number(line.at(-5))]));
}

async function computesTheSame(hands, server) {
  await hands.click("tab", "Compare");
  const recorded = await savedMeans(hands);
  await hands.click("button", ".* Change");
  await hands.choose("#device", "CPU");
  await hands.click("button", "Close.*");
  await hands.click("button", "Run live");
  await hands.shows(".status", /[Vv]erified/);
  await hands.shows(".device", /^CPU/);
  assert.ok(server.requests.some(({ pathname }) => /\/engine(-relaxed)?_bg\.wasm$/.test(pathname)), "the engine was fetched");
  const computed = await savedMeans(hands);
  assert.ok(recorded.size >= 14, `${recorded.size} means`);
  assert.deepEqual([...computed.keys()], [...recorded.keys()]);
  assertClose([...computed.values()], [...recorded.values()], "the means of all circuits");
}

async function savesPictures(hands) {
  await hands.click("button", "Share");
  await hands.click("button", "Picture….*");
  await hands.click("button", "SVG");
  const svg = await hands.saved(() => hands.click("button", "Save SVG"));
  assert.match(svg.name, /^[\w-]+-edges\.svg$/);
  assert.match(svg.text, /^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.equal(svg.text.match(/ data-edge="/g).length, await drawn(hands));
  await hands.click("button", "PNG");
  const png = await hands.saved(() => hands.click("button", "Save PNG"));
  assert.match(png.name, /^[\w-]+-edges\.png$/);
  assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
}
