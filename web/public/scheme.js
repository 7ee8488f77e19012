// Runs before the first paint, so that who has chosen dark never sees a flash of light.
(() => {
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("wayline-scheme") ?? "auto";
  } catch {
    // Without storage the system's scheme is used.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
