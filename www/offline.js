// Registers the service worker, after which the site works offline. Only a built site has one: a worker would keep what is being worked on.

const BUILD_ID = "__BUILD_ID__";
/** What the page itself fetches after it is loaded, a viewer or the tool, comes first, in milliseconds. */
const DELAY_MS = 2000;

function register() {
  // A browser may refuse (a private window, a full disk); the site works without it.
  navigator.serviceWorker.register(new URL("service-worker.js", import.meta.url), { updateViaCache: "none" }).catch(() => {});
}

// `cargo xtask build` puts a name in place of the mark. In a frame the site is a guest, and keeps nothing.
if (!BUILD_ID.startsWith("__") && window.top === window && "serviceWorker" in navigator) {
  const later = () => setTimeout(register, DELAY_MS);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}
