/*
 * Runs before anything is painted. No imports and no exports: the build leaves it a plain script, and the page loads
 * it blocking. What it reads is written by app/theme.ts.
 */
{
  const root = document.documentElement;
  try {
    const chosen = localStorage.getItem('backchannel.theme');
    if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  } catch {
    // Storage is refused in some private modes: the system's colours will do.
  }
}
