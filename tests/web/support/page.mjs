// The page, as a person uses it: its lines, panels, tables and keys by the names that they have on the screen.

import { readFile } from "node:fs/promises";

import { SITE } from "./server.mjs";

/** The files of a reference case that the page needs: a model, its config, prompts and scores. */
export const CASE_FILES = ["model.safetensors", "config.json", "prompts.json", "graph0.scores.safetensors"];

/** The sizes of a window: a laptop's, a larger one's, and a phone's. */
export const LAPTOP = { width: 1280, height: 800 };
export const PHONE = { width: 400, height: 800 };

/** The middle of a rectangle. */
export function middleOf({ x, y, width, height }) {
  return { x: x + width / 2, y: y + height / 2 };
}

/** The demo that is part of the page: small enough that a test can name what it should show. */
export const DEMO = "?figure=none";

/** What a person does with a page, and what there is to see. */
export function drive({ page, server }) {
  const ui = {
    page,
    /** Opens the page anew, as on a first visit. */
    async open({ size = LAPTOP, query = DEMO, theme = "light" } = {}) {
      server.requests.length = 0;
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: theme });
      await page.evaluate(() => localStorage.clear());
      await ui.visit(query);
    },
    /** Goes to the page as it is kept, with a query or a fragment. */
    async visit(query = DEMO) {
      await page.goto(`${server.origin}${SITE}${query}`);
      await ui.isDrawn();
    },
    /** The files that the page has asked for, by their last name. */
    asked: () => server.requests.map(({ pathname }) => pathname.split("/").at(-1)),
    button: (name) => page.getByRole("button", { name, exact: true }),

    // The rail

    /** Opens a line's panel: `model`, `prompts`, `scores`, `settings` or `find`. */
    async section(name) {
      const line = page.locator(`[data-section=${name}]`);
      if ((await line.getAttribute("aria-expanded")) !== "true") await line.click();
      await page.waitForSelector(`#panel-${name}`);
      return page.locator(`#panel-${name}`);
    },
    /** Shuts the panel that is open. */
    async shut() {
      const close = page.locator(".rail-panel > header button");
      // A panel shuts by itself where the rail is folded.
      if (await close.isVisible()) await close.click();
      await page.waitForFunction(() => !document.querySelector(".rail-panel"));
    },
    /** Changes the settings of a run, `{ id: label }`, and shuts their panel. */
    async set(settings) {
      await ui.section("settings");
      for (const [id, value] of Object.entries(settings)) {
        const field = page.locator(`#${id}`);
        if ((await field.evaluate(({ tagName }) => tagName)) === "SELECT") await field.selectOption(value);
        else await field.fill(value);
      }
      await ui.shut();
    },
    onCpu: () => ui.set({ device: "CPU" }),
    statusText: () => page.textContent(".status"),
    status: (pattern) => shows(page, ".status", pattern),
    runButton: () => page.locator(".stat").getByRole("button", { name: "Run", exact: true }),
    cancelButton: () => page.locator(".stat").getByRole("button", { name: "Cancel", exact: true }),
    async run(pattern = /Done: /) {
      await ui.runButton().click();
      await ui.status(pattern);
    },

    // Files

    /** Drops files: URLs on the server, or `{ name, base64 }`. */
    drop: (files) => page.evaluate(async (files) => {
      const transfer = new DataTransfer();
      for (const file of files) {
        const url = typeof file === "string" ? file : `data:;base64,${file.base64}`;
        transfer.items.add(new File([await (await fetch(url)).blob()], file.name ?? file.split("/").at(-1)));
      }
      const target = document.querySelector(".page");
      for (const type of ["dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      }
    }, files),
    dropCase: (name, files = CASE_FILES) => ui.drop(files.map((file) => `/cases/${name}/${file}`)),
    /** The file in a role, in the panel of the model. */
    file: (role) => page.locator("li.file", { has: page.locator(".role", { hasText: new RegExp(`^${role}$`) }) }),
    fileState: (role) => ui.file(role).locator(".state").getAttribute("aria-label"),
    fileStates: () => Promise.all(["Weights", "Config", "Prompts", "Scores"].map(ui.fileState)),
    /** Waits until the lines of model, prompts and scores say that all is there, and that none of it is the example's. */
    allReady: () => page.waitForFunction(() => {
      const lines = document.querySelectorAll(".rail-lines .rail-line");
      const all = lines.length === 3 && [...lines].every((line) => line.classList.contains("ready"));
      return all && !/demo/.test(document.querySelector(".top .model").textContent);
    }),

    /** Drops the config and the scores of some files: enough to draw, and nothing to run. */
    async drawScores(files) {
      await ui.drop(files.filter(({ name }) => /config|scores/.test(name)));
      // In this order: the example's scores are ready as well, until the config is read.
      await page.waitForFunction(() => !/demo/.test(document.querySelector(".top .model").textContent));
      await page.waitForSelector("[data-section=scores].ready", { state: "attached" });
    },

    // The drawing

    isDrawn: () => page.waitForSelector(".page:not(.shell) .cs-drawing svg [data-node]"),
    drawing: () => page.locator(".cs-drawing"),
    ribbons: () => page.locator(".cs-drawing .ribbons > [data-edge]"),
    nRibbons: () => ui.ribbons().count(),
    drawn: (n) => page.waitForFunction(
      (n) => document.querySelectorAll(".cs-drawing .ribbons > [data-edge]").length === n,
      n,
    ),
    ribbon: (name) => page.locator(`.cs-drawing [data-edge="${name}"]`).first(),
    box: (name) => page.locator(`.cs-drawing .nodes [data-node="${name}"]`).first(),
    /** A point of the window that is on the first of some ribbons that is not all covered. */
    async pointOnOneOf(edges) {
      const point = await page.evaluate((edges) => {
        for (const edge of edges) {
          const ribbon = document.querySelector(`.cs-drawing .ribbons > [data-edge="${edge}"]`);
          const path = ribbon.matches("path") ? ribbon : ribbon.querySelector(".hit, .e");
          const [length, toScreen] = [path.getTotalLength(), path.getScreenCTM()];
          for (const share of [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9]) {
            const { x, y } = path.getPointAtLength(share * length).matrixTransform(toScreen);
            if (document.elementFromPoint(x, y)?.closest("[data-edge]") === ribbon) return { x, y };
          }
        }
        return null;
      }, edges);
      if (!point) throw new Error(`no point of ${edges} can be pointed at`);
      return point;
    },
    async hoverOneOf(edges) {
      const { x, y } = await ui.pointOnOneOf(edges);
      await page.mouse.move(x, y);
    },
    hover: (edge) => ui.hoverOneOf([edge]),
    async click(edge) {
      const { x, y } = await ui.pointOnOneOf([edge]);
      await page.mouse.click(x, y);
    },
    tip: () => page.locator(".cs-tip:not([hidden])"),
    inspector: () => page.locator(".inspector"),

    // The strip

    knob: () => page.locator("[role=slider][data-strip-handle]"),
    count: async () => Number(await ui.knob().getAttribute("aria-valuenow")),
    countIs: (n) => page.waitForFunction(
      (n) => document.querySelector("[data-strip-handle]").ariaValueNow === String(n),
      n,
    ),
    /** Keys on the knob, one after the other. */
    async press(...keys) {
      await ui.knob().focus();
      for (const key of keys) await page.keyboard.press(key);
    },
    /** Types a count at the knob. */
    chooseCount: (n) => ui.press(...String(n), "Enter"),
    reading: () => page.textContent(".reading"),

    // The drawer

    /** Opens a table: `edges`, `circuits`, `settings` or `compare`. A panel of the rail that covers it is shut. */
    async table(name) {
      await ui.shut();
      const tab = page.locator(`#tab-${name}`);
      if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
      await page.waitForSelector(`#drawer-${name}`);
      return page.locator(`#drawer-${name}`);
    },
    /** The circuits that were run: edge count, logit difference, KL from clean and from corrupt. */
    async circuits() {
      await ui.table("circuits");
      return page.locator("tr.circuit-row").evaluateAll((rows, measures) => {
        const headings = [...rows[0]?.closest("table").querySelectorAll("thead th") ?? []].map((heading) => heading.textContent);
        const cells = (row) => [...row.children].map((cell) => cell.innerText.trim());
        return rows.map(cells).map((row) => [row[0].split(/\s/)[0], ...measures.map((name) => row[headings.indexOf(name)])]);
      }, ["Logit difference", "KL divergence from clean", "KL divergence from corrupt"]);
    },
    /** Waits until so many circuits have been run. */
    async circuitsAre(n) {
      await ui.table("circuits");
      await page.waitForFunction((n) => document.querySelectorAll("tr.circuit-row").length === n, n);
    },

    // What is saved

    /** The file that a click saves. */
    async saved(click) {
      const [download] = await Promise.all([page.waitForEvent("download"), click()]);
      const bytes = await readFile(await download.path());
      return { name: download.suggestedFilename(), bytes, text: bytes.toString() };
    },
    /** The means of a metric as the curves are saved, with all decimals: `{ name, edges, mean }` of each circuit. */
    async savedMeans(metric) {
      await ui.table("compare");
      const { text } = await ui.saved(() => page.locator(".saves").getByRole("button", { name: "CSV", exact: true }).first().click());
      // A name may have commas; the nine columns after it have none.
      const lines = text.trim().split("\n").map((line) => line.split(","));
      const of = lines.filter((line) => line.at(-6) === metric);
      return of.map((line) => ({ name: line.slice(0, -9).join(), edges: Number(line.at(-8)), mean: Number(line.at(-5)) }));
    },
    /** Presses an item of a menu of the top bar. */
    async menu(menu, item) {
      await page.locator(`.menu.${menu} > button`).click();
      await page.locator(`.menu.${menu} .pop`).getByRole("button", { name: item }).click();
    },
    shows: (selector, pattern) => shows(page, selector, pattern),
    /** Waits until something that needs more than one look holds; `what` says what did not, or is a function that does. */
    async until(check, what = () => String(check)) {
      for (const end = Date.now() + 20_000; !(await check());) {
        if (Date.now() > end) throw new Error(`in vain for 20 seconds: ${typeof what === "function" ? await what() : what}`);
        await new Promise((go) => setTimeout(go, 30));
      }
    },
  };
  return ui;
}

/** Waits until the text of an element is like a pattern. */
function shows(page, selector, pattern) {
  return page.waitForFunction(
    ([selector, source]) => new RegExp(source, "s").test(document.querySelector(selector)?.textContent ?? ""),
    [selector, pattern.source],
  );
}
