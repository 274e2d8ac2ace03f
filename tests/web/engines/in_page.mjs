// What runs in the page: looking for what a person sees there, in shadow roots and in frames of the same site as well.

/** Runs before every other script of a page: it keeps what scripts throw. */
export const WATCH = `<script>
  window.scriptErrors = [];
  addEventListener("error", (event) => { if (event.message) scriptErrors.push(event.message); });
  addEventListener("unhandledrejection", (event) => scriptErrors.push(String(event.reason)));
</script>`;

/** The functions that the code of \`evaluate\` may call, as text: it has no imports there. */
export const HELPERS = [places, windows, all, nameOf, controls, named, middleOf, figure].map(String).join("\n");

/** The page, its shadow roots and its frames, each with where its top left corner is in the window. */
function places(root = document, at = { x: 0, y: 0 }) {
  const inside = [...root.querySelectorAll("*")].flatMap((element) => {
    if (element.shadowRoot) return places(element.shadowRoot, at);
    // A frame of another site shows nothing of itself.
    if (element.tagName !== "IFRAME" || !element.contentDocument) return [];
    const { x, y } = element.getBoundingClientRect();
    return places(element.contentDocument, { x: at.x + x + element.clientLeft, y: at.y + y + element.clientTop });
  });
  return [{ root, at }, ...inside];
}

/** The windows of the page and of its frames. */
function windows() {
  return places().map(({ root }) => root.defaultView).filter(Boolean);
}

/** All elements like a selector, with where their part of the page is. */
function all(selector) {
  return places().flatMap(({ root, at }) => [...root.querySelectorAll(selector)].map((element) => ({ element, at })));
}

/** What a control is called for a person who hears the page. */
function nameOf(element) {
  const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
  return label.replace(/\s+/g, " ").trim();
}

/** The controls of a role that are seen. */
function controls(role) {
  const tags = { button: "button, summary, ", checkbox: "input[type=checkbox], ", combobox: "select, ", link: "a[href], ", slider: "input[type=range], " };
  // A tag with a role of its own has that one only.
  const plays = ({ element }) => (element.getAttribute("role") ?? role) === role;
  // A dialog that is modal puts all else out of reach.
  const dialog = document.querySelector("dialog:modal");
  const seen = ({ element }) => element.checkVisibility() && (!dialog || dialog.contains(element));
  return all(`${tags[role] ?? ""}[role=${role}]`).filter((found) => plays(found) && seen(found));
}

/** Those whose whole name is like a pattern. */
function named(role, pattern) {
  const isLike = new RegExp(`^(?:${pattern})$`, "s");
  return controls(role).filter(({ element }) => isLike.test(nameOf(element)));
}

/** The middle of an element in the window, and whether a click there would be on it. */
function middleOf({ element, at }) {
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
  const { x, y, width, height } = element.getBoundingClientRect();
  const [inX, inY] = [x + width / 2, y + height / 2];
  const top = element.getRootNode().elementFromPoint(inX, inY);
  return { x: at.x + inX, y: at.y + inY, free: Boolean(top) && (element.contains(top) || top.contains(element)) };
}

/** The first figure, by the names that others' scripts rely on: its knob, how many edges that says, and how many are drawn. */
function figure() {
  const [knob] = all("[role=slider][data-strip-handle]");
  if (!knob) return { chosen: NaN, drawn: NaN };
  const ribbons = knob.element.getRootNode().querySelectorAll("[data-figure=circuit] .ribbons > [data-edge]");
  return { knob, chosen: Number(knob.element.getAttribute("aria-valuenow")), drawn: ribbons.length };
}
