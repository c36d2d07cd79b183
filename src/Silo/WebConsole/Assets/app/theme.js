// Runs before the first paint, so that nobody who chose dark sees a white flash. The choice is the browser's own: system unless told otherwise.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('latentdb.theme');
  } catch {
    // A browser that keeps nothing follows the system.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
