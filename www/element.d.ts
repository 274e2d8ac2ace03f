/**
 * The types of `<circuit-scope>`. `element.js` defines the element; `circuitscope.d.ts` has those of the engine.
 */

/** What of a figure outlives its element. */
export interface CircuitScopeState {
  /** The number of edges of the circuit that is shown. */
  edges: number | null;
  /** Which of the figure's prompts is shown, from 0. */
  prompt: number | null;
  /** What is on the curve, as figure files have it: `"logitDiff"`. */
  metric: string | null;
  /** The node or the edge that is selected, by auto-circuit's name. */
  selection: { node: string } | { edge: string } | null;
}

/** The attributes of `<circuit-scope>`, as they are written in HTML. */
export interface CircuitScopeAttributes {
  /** The address of a figure file, relative to the page. */
  src: string;
  /** The address of a picture that stands in the figure's place until it is there; or put one in the slot `poster`. */
  poster?: string;
  /** `lazy` (by default): the viewer is fetched when the figure comes near the screen; `eager`: at once. */
  loading?: "lazy" | "eager";
  /** `auto` (by default): the figure takes the poster's place once it is there; `click`: once a reader asks for it. */
  reveal?: "auto" | "click";
  /** `box` (by default): the figure fills the element's own height, and nothing moves when it comes; `content`: the element is as
   * high as what is in it, with a drawing of `--drawing` (372px). */
  fit?: "box" | "content";
  /** How many edges the circuit has that is shown; by default as the figure says. */
  edges?: string;
  /** In place of `edges`: the least |score| of its edges. */
  threshold?: string;
  /** By default as the page is. */
  theme?: "auto" | "light" | "dark";
  /** What stands below the drawing: `curve`, `tokens`, `run`, with spaces between; by default all three. */
  controls?: string;
  /** Where "Run live" computes; `none` has no such button. */
  engine?: "none" | "auto" | "cpu" | "webgpu";
  /** The folder of the viewer and the engine, if not that of `element.js`. */
  "asset-base"?: string;
  /** The engine's worker, for pages whose policy wants it on their own origin. */
  "worker-src"?: string;
}

/** The events of `<circuit-scope>`. All bubble, and leave shadow roots. */
export interface CircuitScopeEventMap {
  /** The figure is drawn, and its methods can be called. */
  "cs-ready": CustomEvent<Record<string, never>>;
  /** Another circuit is shown. */
  "cs-change": CustomEvent<{ edges: number; threshold: number | null }>;
  /** Something is selected; nothing where neither is there. */
  "cs-select": CustomEvent<{ node?: string; edge?: string }>;
  /** How far a live run is; 0 of 0 where that is not known. */
  "cs-progress": CustomEvent<{ label: string; done: number; total: number }>;
  "cs-error": CustomEvent<{ message: string }>;
  "cs-resize": CustomEvent<{ width: number; height: number }>;
}

/** `<circuit-scope>`: a circuit in anybody's page. */
export interface CircuitScopeElement extends HTMLElement {
  /** What is shown. Throws before `cs-ready`, as the other methods do. */
  save(): CircuitScopeState;
  /** Shows again what `save` gave; what the figure has not is passed over. */
  restore(state: CircuitScopeState): void;
  /** Runs the recorded circuits and the one that is shown, on the reader's machine. Rejects where that fails, and
   *  where files are at hosts to which the reader has not agreed: the figure then asks, and runs once the reader does. */
  run(): Promise<void>;
  /** Stops a run; what was run before stays. */
  cancel(): void;
  /** The drawing as the text of an SVG file; by default in the theme that is seen. */
  exportSvg(options?: { theme?: "light" | "dark" }): string;
  addEventListener<K extends keyof CircuitScopeEventMap>(
    type: K, listener: (this: CircuitScopeElement, event: CircuitScopeEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

export declare const CircuitScope: { new (): CircuitScopeElement; prototype: CircuitScopeElement };

declare global {
  interface HTMLElementTagNameMap {
    "circuit-scope": CircuitScopeElement;
  }
}
