// What `element.js` and `module/live.js` use of the viewer, whose code is generated: `crates/viewer/src/api.rs`, where each is described.

export class Figure {
  constructor(name: string, text: string, config?: string);
  static configUrl(name: string, text: string): string | undefined;
  mount(root: Element, controls: string, page: string | undefined, onEvent: (name: string, data: string) => void): void;
  unmount(): void;
  free(): void;
  setEdges(edges: number): void;
  setThreshold(threshold: number): void;
  save(): string;
  restore(saved: string): void;
  exportSvg(dark: boolean): string;
  setStatus(status: string): void;
  addResults(results: string): void;
  plan(base: string): string;
  edgeScores(): string;
}

export function style(): string;
export function metricKeys(): string;

export default function init(program: { module_or_path: string | URL }): Promise<unknown>;
