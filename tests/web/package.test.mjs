// The npm package: packed, installed, and used by a page with a bundler and by one without, on another origin than the site.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { figureIn, watched } from "./support/embedded.mjs";
import { bundle, copyDemo, developed, installed, typeErrors } from "./support/package.mjs";

const FIGURE = '<circuit-scope src="ioi/figure.json" engine="cpu"></circuit-scope>';
const HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">';
/** An empty project: a page, a script, and no settings. */
const PROJECT = {
  "index.html": `${HEAD}<script type="module" src="/main.js"></script>${FIGURE}`,
  "main.js": `
    import "circuitscope/element";
    import { openEngine } from "circuitscope";
    window.openEngine = openEngine;
  `,
};
/** A method that the element does not have. */
const MISUSE = 'import "circuitscope/element";\ndocument.createElement("circuit-scope").saves();';
/** A page that has the package's folder beside it. */
const PLAIN = `${HEAD}<script type="module" src="circuitscope/element.js"></script>${FIGURE}`;
/** What a reader of the types writes. */
const USE = `
  import "circuitscope/element";
  import type { CircuitScopeElement } from "circuitscope/element";
  import { openEngine, type RunResult } from "circuitscope";
  const figure: HTMLElementTagNameMap["circuit-scope"] = document.createElement("circuit-scope");
  const edges: number | null = (figure satisfies CircuitScopeElement).save().edges;
  figure.addEventListener("cs-change", ({ detail }) => console.log(detail.edges.toFixed(), edges));
  const engine = await openEngine({ device: "cpu" });
  const run: RunResult = await engine.runCircuits({ prompts: "prompts.json", scores: "scores.safetensors", edgeCounts: [1] });
  console.log(run.circuits[0].metrics["Logit Diff"]?.toFixed());
`;

describe("the npm package", () => {
  let project, bundled, browser, server, page, wrong, host;
  before(async () => {
    project = installed({ ...PROJECT, "use.ts": USE, "misuse.ts": MISUSE });
    copyDemo("ioi", path.join(project.folder, "public", "ioi"));
    bundled = bundle(project.folder);
    browser = await openBrowser();
    ({ page, server } = browser);
    // Not the origin of the site, which is at 127.0.0.1.
    host = server.origin.replace("127.0.0.1", "localhost");
    wrong = watched(page);
    server.addFolder("/", path.join(project.folder, "dist"));
    server.addFolder("/plain/circuitscope/", project.package);
    server.addFolder("/plain/ioi/", path.join(project.folder, "public", "ioi"));
  });
  after(async () => {
    await browser?.close();
    project?.remove();
  });

  it("has what its package.json names, and nothing of the site's build", () => {
    const { version, exports } = JSON.parse(readFileSync(path.join(project.package, "package.json"), "utf8"));
    assert.match(version, /^\d+\.\d+\.\d+$/);
    const named = Object.values(exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
    const files = readdirSync(project.package, { recursive: true });
    for (const file of named.filter((file) => file !== "./*")) assert.ok(files.includes(file.slice(2)), file);
    for (const file of files.filter((file) => /\.(js|ts|json)$/.test(file))) {
      assert.doesNotMatch(readFileSync(path.join(project.package, file), "utf8"), /__BUILD_ID__|__VERSION__|\?v=(?!\$)/, file);
    }
  });

  it("imports only files that it has", () => {
    const scripts = readdirSync(project.package, { recursive: true }).filter((file) => file.endsWith(".js"));
    const imports = scripts.flatMap((file) => {
      const text = readFileSync(path.join(project.package, file), "utf8");
      const names = [...text.matchAll(/(?:from|import|import\(|new URL\() ?["'](\.[^"']*\.(?:js|wasm))["']/g)].map(([, name]) => name);
      return names.map((name) => path.join(path.dirname(file), name));
    });
    assert.ok(imports.length > 30, `${imports.length} imports`);
    for (const file of imports) assert.ok(readFileSync(path.join(project.package, file)).length > 0);
  });

  it("has types for the element and the module", () => {
    assert.equal(typeErrors(project.folder, "use.ts"), "");
    assert.match(typeErrors(project.folder, "misuse.ts"), /'saves' does not exist on type 'CircuitScopeElement'/);
  });

  it("is bundled by an empty Vite project: drawn, moved and run", async () => {
    assert.doesNotMatch(bundled, /warn/i);
    server.requests.length = 0;
    await page.goto(`${host}/index.html`);
    const kind = await page.evaluate(async () => {
      const engine = await openEngine({ device: "cpu" });
      engine.close();
      return engine.device.kind;
    });
    assert.equal(kind, "cpu");
    await isWholeFigure();
    // One copy of each program.
    const programs = server.requests.map(({ pathname }) => /([\w-]+)_bg.*\.wasm$/.exec(pathname)?.[1]).filter(Boolean);
    assert.deepEqual([...new Set(programs)].sort(), ["engine-relaxed", "viewer"]);
  });

  it("is served by Vite as it is written: drawn, moved and run", async () => {
    const { url, close } = await developed(project.folder);
    try {
      await page.goto(url);
      await isWholeFigure();
    } finally {
      close();
    }
  });

  it("works in a plain page that has a copy of it: drawn, moved and run", async () => {
    server.add("/plain/page.html", PLAIN);
    await page.goto(`${host}/plain/page.html`);
    await isWholeFigure();
  });

  it("is run from a bundle at another host, once a copy of the package is named", async () => {
    const script = readdirSync(path.join(project.folder, "dist", "assets")).find((name) => /^index-.*\.js$/.test(name));
    const open = (attributes) => {
      const figure = `<circuit-scope src="/ioi/figure.json" engine="cpu" ${attributes}></circuit-scope>`;
      server.add("/bundled.html", `${HEAD}<script type="module" src="${server.origin}/assets/${script}"></script>${figure}`);
      return page.goto(`${host}/bundled.html`);
    };
    await open(`asset-base="${server.origin}/plain/circuitscope"`);
    await isWholeFigure();
    // A bundler gives a worker's script a name that only a page of the same origin can use.
    await open("");
    const figure = figureIn(page);
    await figure.isDrawn();
    await figure.element.getByRole("button", { name: "Run live" }).click();
    await figure.element.getByText("engine-worker.js").waitFor();
  });

  async function isWholeFigure() {
    const figure = figureIn(page);
    await figure.isDrawn();
    await figure.isMoved();
    await figure.isVerified();
    // The whole page is not in the package.
    assert.equal(await figure.element.getByText("Open in Circuitscope").count(), 0);
    assert.deepEqual(wrong, []);
  }
});
