// What stands in a figure's place: its poster while it is not there, and why it will not come.

/** The element's box, and what stands in it; the viewer brings its own style. */
const STYLE = `
:host{display:block;position:relative;box-sizing:border-box;height:760px;contain:layout;color-scheme:inherit}
:host([hidden]){display:none}
.poster,.figure{position:absolute;inset:0}
.poster ::slotted(picture){display:contents}
.poster img,.poster ::slotted(img),.poster ::slotted(svg){display:block;width:100%;height:100%;object-fit:contain}
.poster button{position:absolute;inset:0;width:100%;border:0;background:none;cursor:pointer;font:600 14px/1.4 system-ui,sans-serif;color:inherit}
.poster button span{padding:8px 16px;border-radius:6px;background:light-dark(#1f5db8,#82b3f7);color:light-dark(#fff,#0d1826)}
.poster button:focus-visible{outline:2px solid light-dark(#1f5db8,#82b3f7);outline-offset:-4px}
.said{position:absolute;inset:0 0 auto;margin:0;padding:8px 12px;background:light-dark(#fff,#11151b);color:light-dark(#b3261e,#ff9a90);border-bottom:2px solid;font:13px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
@media (max-width:600px){:host{height:1060px}}
:host([fit=content]){height:auto}
:host([fit=content]) .figure{position:static}
:host([fit=content]) .poster{position:relative;height:var(--drawing,372px)}
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** The style of an element's shadow root, one for all of a page. */
export function ownStyle() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

/**
 * The poster: what is in the slot, else the picture at an address.
 *
 * @param {string | null} url
 * @param {(() => void) | null} onReveal Called where the reader asks for the figure; without it there is no button.
 */
export function poster(url, onReveal) {
  const poster = document.createElement("div");
  poster.className = "poster";
  poster.part.add("poster");
  const slot = document.createElement("slot");
  slot.name = "poster";
  if (url) {
    const image = document.createElement("img");
    image.src = url;
    image.alt = "";
    slot.append(image);
  }
  poster.append(slot);
  if (onReveal) poster.append(revealButton(onReveal));
  return poster;
}

/** @param {() => void} onReveal */
function revealButton(onReveal) {
  const button = document.createElement("button");
  const label = document.createElement("span");
  label.textContent = "Show the circuit";
  button.append(label);
  button.onclick = () => {
    button.remove();
    onReveal();
  };
  return button;
}

/**
 * Why there is no figure.
 *
 * @param {string} message
 */
export function refusal(message) {
  const said = document.createElement("p");
  said.className = "said";
  said.part.add("error");
  said.role = "alert";
  said.textContent = message;
  return said;
}
