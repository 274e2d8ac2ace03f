// A figure in a page, as a reader has it.

import assert from "node:assert/strict";

/** How long a reader waits for a figure, or for its run, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What a reader does with a figure of a page, by default the first, and what there is to see. */
export function figureIn(page, nth = 0) {
  const element = page.locator("circuit-scope").nth(nth);
  const strip = element.getByRole("slider");
  const figure = {
    element,
    strip,
    /** Waits for the drawing. */
    isDrawn: () => element.locator("[data-figure] [data-node]").first().waitFor({ timeout: PATIENCE_MS }),
    edges: async () => Number(await strip.getAttribute("aria-valuenow")),
    /** Takes one step along the curve, which gives a larger circuit. */
    async isMoved() {
      const before = await figure.edges();
      await strip.focus();
      await page.keyboard.press("ArrowRight");
      assert.ok((await figure.edges()) > before, `still ${before} edges`);
    },
    /** The line beside "Run live". */
    state: () => element.getByRole("status"),
    /** Runs the figure: it is as recorded. */
    async isVerified() {
      await element.getByRole("button", { name: "Run live" }).click();
      await element.getByText(/^Run here, CPU\. Verified: (no|largest) difference/).waitFor({ timeout: PATIENCE_MS });
    },
  };
  return figure;
}

/** Keeps what goes wrong in a page from now on: exceptions, files that are not there, and what its policy forbids. */
export function watched(page) {
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("response", (response) => response.ok() || wrong.push(`${response.status()} ${response.url()}`));
  // A page without an icon is all right.
  const isIcon = (message) => message.location().url.endsWith("/favicon.ico");
  page.on("console", (message) => message.type() === "error" && !isIcon(message) && wrong.push(message.text()));
  return wrong;
}
