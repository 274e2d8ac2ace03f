// Firefox, driven through WebDriver BiDi by puppeteer-core.

import { mkdirSync } from "node:fs";
import path from "node:path";

import { find, require, temporaryFolder } from "./programs.mjs";

const { FIREFOX = find(["firefox-esr", "firefox"]), CIRCUITSCOPE_NO_FIREFOX } = process.env;

/** How long Firefox may take to start, or for anything that is asked of it, on the slowest machine: milliseconds. */
const ANSWER_MS = 120_000;

/** Files are saved without a question, to a folder of the test, and nothing asks other hosts. */
const prefs = (downloads) => ({
  "browser.download.folderList": 2,
  "browser.download.dir": downloads,
  "browser.download.useDownloadDir": true,
  "browser.download.always_ask_before_handling_new_types": false,
  "browser.download.alwaysOpenPanel": false,
  "app.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
});

export const firefox = {
  name: "Firefox",
  /** Why it cannot be driven here, or nothing. */
  missing: FIREFOX ? undefined : CIRCUITSCOPE_NO_FIREFOX ?? "no Firefox is installed (on Debian, as root: apt-get install firefox-esr), or named by FIREFOX",
  /** Starts it, with a window of a size. */
  async start({ width, height }) {
    const { folder, remove } = temporaryFolder("firefox");
    const downloads = path.join(folder, "downloads");
    mkdirSync(downloads);
    const browser = await require("puppeteer-core").launch({
      browser: "firefox",
      executablePath: FIREFOX,
      headless: true,
      defaultViewport: { width, height },
      extraPrefsFirefox: prefs(downloads),
      timeout: ANSWER_MS,
      protocolTimeout: ANSWER_MS,
    });
    const page = await browser.newPage();
    return {
      downloads,
      open: (url) => page.goto(url, { waitUntil: "load", timeout: ANSWER_MS }),
      evaluate: (code, args) => page.evaluate(`(${code}).apply(null, ${JSON.stringify(args)})`),
      key: (key) => page.keyboard.press(key),
      move: ({ x, y }) => page.mouse.move(x, y),
      down: () => page.mouse.down(),
      up: () => page.mouse.up(),
      screenshot: async () => Buffer.from(await page.screenshot()),
      async close() {
        await browser.close();
        await remove();
      },
    };
  },
};
