// The drawing of a circuit, as a person uses it: what is in it, where that is, and how it is looked at.

import { middleOf } from "./page.mjs";
import { randomModel } from "./random_model.mjs";

/** What there is to see in a page's drawing, and to do with it. */
export function drawingOf({ page, ui }) {
  return {
    /** The boxes that are drawn, by their names. */
    nodes: () => page.locator(".cs-drawing .nodes > [data-node]").evaluateAll((boxes) => boxes.map((box) => box.dataset.node)),
    edges: () => ui.ribbons().evaluateAll((ribbons) => ribbons.map(({ dataset: { edge, src, dest } }) => ({ edge, src, dest }))),
    /** The middle of a box in the window. */
    boxAt: async (name) => middleOf(await ui.box(name).locator(".box").boundingBox()),
    /** Which part of the drawing is seen. */
    viewBox: () => page.locator(".cs-drawing > svg").evaluate(({ viewBox: { baseVal: { x, y, width, height } } }) => ({ x, y, width, height })),
    /** How many edges are drawn, how many of the circuit are not, and how many others. */
    async leftOut() {
      const text = (await page.textContent(".left-out > span")).replaceAll(",", "");
      return [/(\d+) edges? drawn/, /(\d+) edges? of the circuit/, /(\d+) edges? outside it/].map((part) => Number(part.exec(text)?.[1] ?? 0));
    },
    /** Waits until the inspector shows a box or an edge, by its title; or none. */
    isSelected: (title) => page.waitForFunction((title) => document.querySelector(".inspector h2").innerText === title, title),
    nothingIsSelected: () => page.waitForFunction(() => !document.querySelector(".inspector [aria-label='Clear the selection']")),
    /** Chooses in the menu of how the circuit is drawn. */
    async view(choice) {
      await page.locator(".view-menu > button").click();
      const named = { name: new RegExp(`^${choice}`) };
      const pop = page.locator(".view-menu .pop");
      await pop.getByRole("button", named).or(pop.getByRole("checkbox", named)).click();
      await page.keyboard.press("Escape");
    },
    /** Random scores, 1,519 edges unless other sizes are given, and a count of them. */
    async openRandom(count, sizes) {
      await ui.drawScores(randomModel(sizes));
      if (count !== undefined) await ui.chooseCount(count);
    },
  };
}
