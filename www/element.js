/**
 * `<circuit-scope>`: a circuit in anybody's page.
 *
 * ```html
 * <script type="module" src="https://example.org/circuitscope/element.js"></script>
 * <circuit-scope src="ioi/figure.json" style="display: block; height: 760px">
 *   <img slot="poster" src="ioi/poster.svg" alt="What the circuit does">
 * </circuit-scope>
 * ```
 *
 * Nothing but this file and the two that it imports is fetched before the figure comes near the screen; then the viewer, and the
 * engine on "Run live" only. Until then the poster is on the screen. `element.d.ts` has the types, `embedding.html` of a built site the guide.
 *
 * @module element
 */

/** @import { CircuitScopeElement, CircuitScopeState } from "./element.js" */
/** @import { Figure } from "./viewer.js" */
/** @typedef {typeof import("./viewer.js")} Viewer */
/** @typedef {typeof import("./module/live.js")} Live */

import { fetchBytes } from "./module/fetching.js?v=__BUILD_ID__";
import { ownStyle, poster, refusal } from "./module/poster.js?v=__BUILD_ID__";

const BUILD_ID = "__BUILD_ID__";
/** The whole page, beside this file; the npm package has none. */
const PAGE = "index.html";
/** Where this file is; a bundler follows addresses that are built from it no further. */
const HERE = import.meta.url;
/** The viewer is fetched when a figure is this far below or above the screen, in pixels. */
const NEAR = "600px";
/** A figure's text is at most this long, in bytes: what the viewer takes. */
const MAX_FIGURE = 32 * 1024 * 1024;

/** The viewers of this page, by the folder they are in: those of one folder are one program. @type {Map<string, Promise<Viewer>>} */
const viewers = new Map();

/** @implements {CircuitScopeElement} */
class CircuitScope extends HTMLElement {
  static observedAttributes = ["src", "poster", "reveal", "edges", "threshold", "theme", "controls", "engine"];

  #root = this.attachShadow({ mode: "open" });
  /** @type {Figure | null} */
  #figure = null;
  /** Where the figure came from. */
  #base = "";
  /** What is under way, given up where the element is removed or shows another figure. */
  #opening = new AbortController();
  /** @type {AbortController | null} */
  #running = null;
  /** The circuits that are asked for while another run is under way: the last one counts. */
  #queued = false;
  #near = false;
  #wanted = false;
  #observers = /** @type {{ disconnect(): void }[]} */ ([]);
  /** @type {Live | null} */
  #live = null;
  /** @type {CircuitScopeState | null} */
  #saved = null;

  connectedCallback() {
    this.#showPoster();
    this.#theme();
    const seen = new IntersectionObserver((entries) => {
      this.#near = entries.some((entry) => entry.isIntersecting);
      this.#live?.visible(this, this.#near);
      this.#openIfWanted();
    }, { rootMargin: NEAR });
    const resized = new ResizeObserver(() => this.#tell("resize", { width: this.offsetWidth, height: this.offsetHeight }));
    seen.observe(this);
    resized.observe(this);
    this.#observers = [seen, resized];
    this.#openIfWanted();
  }

  disconnectedCallback() {
    for (const observer of this.#observers) observer.disconnect();
    this.#observers = [];
    // What a reader did comes back where the element is only moved.
    if (this.#figure) this.#saved = this.save();
    this.#close();
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after) return;
    if (name === "theme") this.#theme();
    else if (name === "edges" || name === "threshold") this.#size();
    else this.#reopen();
  }

  /** What is shown: the number of edges, the prompt, the measure and what is selected. */
  save() {
    return /** @type {CircuitScopeState} */ (JSON.parse(this.#opened().save()));
  }

  /** Shows again what `save` gave. @param {CircuitScopeState} state */
  restore(state) {
    this.#opened().restore(JSON.stringify(state));
  }

  /** The drawing as the text of an SVG file. @param {{ theme?: "light" | "dark" }} [options] */
  exportSvg({ theme = this.#isDark() ? "dark" : "light" } = {}) {
    return this.#opened().exportSvg(theme === "dark");
  }

  /** Runs the figure here: the circuits that it has recorded, and the one that is shown. Resolves when they are run. */
  async run() {
    const figure = this.#opened();
    if (this.getAttribute("engine") === "none") throw new Error('`engine="none"`: this figure is not run');
    if (this.#running) {
      this.#queued = true;
      return;
    }
    const running = (this.#running = new AbortController());
    /** @type {Live | null} */
    let live = null;
    try {
      live = this.#live = await loadLive(this.#assets());
      do {
        this.#queued = false;
        await live.run({
          user: this, figure, base: this.#base, device: this.getAttribute("engine") ?? "auto", workerUrl: this.#worker(), signal: running.signal,
          metricKeys: JSON.parse((await this.#viewer()).metricKeys()),
          onProgress: (/** @type {object} */ progress) => this.#tell("progress", progress),
        });
      } while (this.#queued);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (running.signal.aborted) {
        if (this.#figure === figure) figure.setStatus('{"state":"idle"}');
      } else {
        const asks = live !== null && error instanceof live.Asks;
        if (this.#figure === figure) figure.setStatus(JSON.stringify({ state: asks ? "asks" : "failed", message }));
        if (!asks) this.#tell("error", { message });
        throw error;
      }
    } finally {
      if (this.#running === running) this.#running = null;
    }
  }

  /** Stops a run. What was run before stays. */
  cancel() {
    this.#running?.abort();
  }

  /** The figure. */
  #opened() {
    if (!this.#figure) throw new Error("the figure is not open yet: wait for `cs-ready`");
    return this.#figure;
  }

  /** The folder of the viewer and the engine; nothing where they lie beside this file, or where a bundler has put them. */
  #assets() {
    const base = this.getAttribute("asset-base");
    return base ? new URL(base.endsWith("/") ? base : `${base}/`, document.baseURI).href : "";
  }

  #worker() {
    const url = this.getAttribute("worker-src");
    return url ? new URL(url, document.baseURI).href : undefined;
  }

  #viewer() {
    const assets = this.#assets();
    let viewer = viewers.get(assets);
    if (!viewer) {
      viewer = loadViewer(assets);
      viewers.set(assets, viewer);
      // A page that was offline may be online the next time.
      viewer.catch(() => viewers.delete(assets));
    }
    return viewer;
  }

  #openIfWanted() {
    const waits = this.getAttribute("reveal") === "click" && !this.#wanted;
    const near = this.#near || this.getAttribute("loading") === "eager";
    if (near && !waits && !this.#figure && !this.#opening.signal.aborted && !this.#base) this.#open();
  }

  async #open() {
    const src = this.getAttribute("src");
    if (!src) return;
    const { signal } = this.#opening;
    const url = (this.#base = new URL(src, document.baseURI).href);
    try {
      const [viewer, text] = await Promise.all([this.#viewer(), readText(url, signal)]);
      const configUrl = viewer.Figure.configUrl(src, text);
      const config = configUrl ? await readText(this.#nearUrl(new URL(configUrl, url)), signal) : undefined;
      if (signal.aborted) return;
      const figure = new viewer.Figure(src, text, config);
      this.#mount(viewer, figure);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /**
   * A file that is needed to draw anything comes from where the figure is, or it is not asked for.
   *
   * @param {URL} url
   */
  #nearUrl(url) {
    if (url.origin !== new URL(this.#base).origin) {
      throw new Error(`the figure's config is at ${url.host}, which is not asked unbidden: inline it in the figure`);
    }
    return url.href;
  }

  /**
   * @param {Viewer} viewer
   * @param {Figure} figure
   */
  #mount(viewer, figure) {
    this.#figure = figure;
    const box = document.createElement("div");
    box.className = "figure";
    box.part.add("figure");
    const style = new CSSStyleSheet();
    style.replaceSync(viewer.style());
    this.#root.adoptedStyleSheets = [ownStyle(), style];
    this.#root.replaceChildren(box);
    const controls = (this.getAttribute("controls") ?? "curve tokens run").split(/\s+/);
    const engine = this.getAttribute("engine");
    const shown = controls.filter((control) => control !== "run" || engine !== "none").join(" ");
    figure.mount(box, shown, this.#page(), (/** @type {string} */ name, /** @type {string} */ data) => this.#heard(name, JSON.parse(data)));
    this.#size();
    if (this.#saved) this.restore(this.#saved);
    this.#saved = null;
    this.#tell("ready", {});
  }

  /** The whole page with this figure, where there is one. */
  #page() {
    return PAGE ? `${this.#assets() || new URL(".", HERE).href}${PAGE}?figure=${encodeURIComponent(this.#base)}` : undefined;
  }

  /**
   * @param {string} name
   * @param {Record<string, unknown>} data
   */
  #heard(name, data) {
    if (name === "run") this.run().catch(() => {});
    else if (name === "cancel") this.cancel();
    else if (name === "agree") {
      this.#live?.agree(this);
      this.run().catch(() => {});
    }
    else if (name === "settle") this.#settled();
    else this.#tell(name, data);
  }

  /** A circuit that was not run is run once the engine is there: nothing more is fetched for it. */
  #settled() {
    if (!this.#live || !this.#figure) return;
    const { hasRun, measured } = JSON.parse(this.#figure.plan(this.#base));
    if (hasRun && !measured) this.run().catch(() => {});
  }

  #size() {
    const edges = Number.parseInt(this.getAttribute("edges") ?? "", 10);
    const threshold = Number.parseFloat(this.getAttribute("threshold") ?? "");
    if (edges >= 0) this.#figure?.setEdges(edges);
    else if (threshold >= 0) this.#figure?.setThreshold(threshold);
  }

  #theme() {
    const theme = this.getAttribute("theme");
    this.style.colorScheme = theme === "light" || theme === "dark" ? theme : "";
  }

  #isDark() {
    const scheme = getComputedStyle(this).colorScheme;
    const prefers = matchMedia("(prefers-color-scheme: dark)").matches;
    return scheme.includes("dark") && (prefers || !scheme.includes("light"));
  }

  #showPoster() {
    const onReveal = () => {
      this.#wanted = true;
      this.#openIfWanted();
    };
    this.#root.adoptedStyleSheets = [ownStyle()];
    this.#root.replaceChildren(poster(this.getAttribute("poster"), this.getAttribute("reveal") === "click" ? onReveal : null));
  }

  /** @param {unknown} error */
  #fail(error) {
    const message = error instanceof Error ? error.message : String(error);
    this.#showPoster();
    this.#root.append(refusal(message));
    this.#tell("error", { message });
  }

  #reopen() {
    this.#close();
    this.#showPoster();
    this.#openIfWanted();
  }

  #close() {
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#running?.abort();
    this.#running = null;
    this.#live?.release(this);
    this.#live = null;
    this.#figure?.unmount();
    this.#figure?.free();
    this.#figure = null;
    this.#base = "";
    this.#root.replaceChildren();
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`cs-${name}`, { detail, bubbles: true, composed: true }));
  }
}

// Addresses beside this file are written out: that is how a bundler finds what they name.

/**
 * @param {string} assets
 * @returns {Promise<Viewer>}
 */
async function loadViewer(assets) {
  /** @type {Viewer} */
  const viewer = await (assets ? import(/* @vite-ignore */ `${assets}viewer.js?v=${BUILD_ID}`) : import("./viewer.js?v=__BUILD_ID__"));
  const program = assets ? `${assets}viewer_bg.wasm?v=${BUILD_ID}` : new URL("./viewer_bg.wasm?v=__BUILD_ID__", import.meta.url);
  await viewer.default({ module_or_path: program });
  return viewer;
}

/**
 * @param {string} assets
 * @returns {Promise<Live>}
 */
function loadLive(assets) {
  return assets ? import(/* @vite-ignore */ `${assets}module/live.js?v=${BUILD_ID}`) : import("./module/live.js?v=__BUILD_ID__");
}

/**
 * The text of a figure, or of what it needs to be drawn.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function readText(url, signal) {
  const options = { signal, what: "a figure", most: MAX_FIGURE, tooLarge: `${url}: larger than any figure` };
  return new TextDecoder().decode(await fetchBytes(url, options));
}

if (!customElements.get("circuit-scope")) customElements.define("circuit-scope", CircuitScope);

export { CircuitScope };
