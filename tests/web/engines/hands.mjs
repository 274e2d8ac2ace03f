// What a person does with a page, and sees of it, in any of the engines.

import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { HELPERS } from "./in_page.mjs";

/** Anything comes within so long on a slow machine with two cores, one of them busy: milliseconds. */
const PATIENCE_MS = 60_000;
/** How often it is looked for, in milliseconds. */
const GLANCE_MS = 50;
/** What has not changed for so many of these is taken to be at rest. */
const STILL_GLANCES = 4;
/** Steps of some 20 pixels on a laptop's screen, as a hand's are. */
const DRAG_STEPS = 40;

/**
 * What a person does with a page, over what each engine can: `open(url)`, `evaluate(code, args)`, `key(name)`, `move({ x, y })`,
 * `down()`, `up()`, `screenshot()`, and `downloads`, the folder in which it saves files.
 */
export function handsOf(engine) {
  const hands = {
    open: (url) => engine.open(url),
    /** What a function gives in the page. It may use the functions of `in_page.mjs`, and nothing else from outside. */
    look: (code, ...args) => engine.evaluate(`(...args) => { ${HELPERS}\nreturn (${code})(...args); }`, args),
    /** Waits until a function in the page gives something that is true, and gives that. */
    until: (code, ...args) => patiently(() => hands.look(code, ...args), () => `in vain: ${code} of ${JSON.stringify(args)}`),

    /** Waits until the text of an element is like a pattern, and gives it. */
    shows: (selector, pattern) => hands.until((selector, source) => {
      const texts = all(selector).map(({ element }) => element.textContent);
      return texts.find((text) => new RegExp(source, "s").test(text));
    }, selector, pattern.source),

    /** Clicks on the one control of a role and a name, a pattern of all of it. */
    async click(role, name) {
      let names;
      const point = await still(async () => {
        const found = await hands.look((role, name) => {
          const points = named(role, name).map(middleOf);
          return { point: points.length === 1 && points[0].free && points[0], names: controls(role).map(({ element }) => nameOf(element)) };
        }, role, name);
        names = found.names;
        return found.point;
      }, () => `no single ${role} "${name}" can be clicked on, among "${names.join('", "')}"`);
      await hands.clickAt(point);
    },
    /** Clicks in the middle of the first element like a selector. */
    async clickOn(selector) {
      const look = () => hands.look((selector) => all(selector).map(middleOf).find(({ free }) => free), selector);
      await hands.clickAt(await still(look, () => `no ${selector} can be clicked on`));
    },
    async clickAt(point) {
      await engine.move(point);
      await engine.down();
      await engine.up();
    },
    /** Chooses in a list by what it says. The list itself is drawn by the system, out of reach. */
    choose: (selector, label) => hands.until((selector, label) => {
      const [{ element: list } = {}] = all(selector);
      const option = list && [...list.options].find((option) => option.label === label);
      if (!option) return false;
      list.value = option.value;
      for (const type of ["input", "change"]) list.dispatchEvent(new Event(type, { bubbles: true }));
      return true;
    }, selector, label),
    /** Keys on the first element like a selector, one after the other. */
    async press(selector, ...keys) {
      await hands.until((selector) => all(selector).map(({ element }) => [element.focus(), element.matches(":focus")][1])[0], selector);
      for (const key of keys) await engine.key(key);
    },
    moveTo: (point) => engine.move(point),
    /** Presses at a point and moves on in small steps, until something holds or the end is reached; then lets go. */
    async drag(from, to, isFar) {
      await engine.move(from);
      await engine.down();
      for (let i = 1; i <= DRAG_STEPS && !(await isFar()); i++) {
        const share = i / DRAG_STEPS;
        await engine.move({ x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) });
      }
      await engine.up();
    },

    /** The file that is saved by doing something: its name and its bytes. */
    async saved(act) {
      await act();
      const file = await patiently(() => taken(engine.downloads), () => `no file was saved, only: ${readdirSync(engine.downloads)}`);
      // WebKit's window then makes room for a line that says so.
      await still(() => hands.look(() => ({ width: innerWidth, height: innerHeight })), () => "the window changes its size all the time");
      return file;
    },
    /** What scripts have thrown. */
    scriptErrors: () => hands.look(() => windows().flatMap((window) => window.scriptErrors ?? ["a frame is not watched"])),
    /** Keeps what is on the screen in a file, and gives its name. */
    async picture(name) {
      const file = path.join(os.tmpdir(), `circuitscope-${name.replace(/\W+/g, "-")}-${process.pid}.png`);
      writeFileSync(file, await engine.screenshot());
      return file;
    },
  };
  return hands;
}

/** Looks until something is true, and gives that. */
async function patiently(look, complaint) {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(complaint());
    await new Promise((go) => setTimeout(go, GLANCE_MS));
  }
}

/** Looks until something is there and does not change any more, and gives that. */
function still(look, complaint) {
  let [last, times] = ["", 0];
  return patiently(async () => {
    const found = await look();
    const same = found && JSON.stringify(found) === last;
    [last, times] = [JSON.stringify(found), same ? times + 1 : 0];
    return times >= STILL_GLANCES && found;
  }, complaint);
}

/** Takes the one file out of a folder, once no part of it is still to come. */
function taken(folder) {
  const names = readdirSync(folder);
  // A browser writes under such a name until it is done, Firefox beside an empty file of the right one.
  if (names.length !== 1 || /\.(part|wkdownload)$/.test(names[0])) return undefined;
  const file = path.join(folder, names[0]);
  const bytes = readFileSync(file);
  if (bytes.length === 0) return undefined;
  // The next one of the same name finds no other.
  rmSync(file);
  return { name: names[0], bytes, text: bytes.toString() };
}
