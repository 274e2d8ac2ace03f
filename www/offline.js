// Registers the service worker, after which the site works offline. Only a built site has one: a worker would keep what is being worked on.

const BUILD_ID = "__BUILD_ID__";

function register() {
  // A browser may refuse (a private window, a full disk); the site works without it.
  navigator.serviceWorker.register(new URL("service-worker.js", import.meta.url), { updateViaCache: "none" }).catch(() => {});
}

// `cargo xtask build` puts a name in place of the mark. In a frame the site is a guest, and keeps nothing.
if (!BUILD_ID.startsWith("__") && window.top === window && "serviceWorker" in navigator) {
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
