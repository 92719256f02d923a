// Runs before the first paint, so that a chosen theme does not flash. A classic script: modules come too late.
try {
  const chosen = localStorage.getItem("riskstream-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that forbids storage follows the system.
}
