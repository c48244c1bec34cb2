/*
 * Applies the stored theme (written by app/theme.ts) before the first paint. Without imports and exports, so that the build
 * leaves it a plain script, which the page loads blocking.
 */
{
  const root = document.documentElement;
  try {
    const chosen = localStorage.getItem('backchannel.theme');
    if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  } catch {
    // Some private modes refuse storage: the system's theme applies.
  }
}
