// Light or dark, as the reader chose here or in the tool. It runs before anything is drawn, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const NAME = "circuitscope-theme";
  const stored = () => {
    try {
      return localStorage.getItem(NAME);
    } catch {
      return null;
    }
  };
  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  addEventListener("DOMContentLoaded", () => {
    document.querySelector("#theme")?.addEventListener("click", () => {
      const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      try {
        localStorage.setItem(NAME, root.dataset.theme);
      } catch {
        // A browser that keeps nothing asks again on the next page.
      }
    });
  });
})();
