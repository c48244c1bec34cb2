/**
 * The one-time secret in the address that a new server prints: `/?setup=…`. It is removed from the address bar, and so
 * from the history and every `Referer`, before the first render, and kept only in this page's memory.
 */
let secret: string | null = null;

/** Moves the secret from the address into memory. Call once, before the first render. */
export function takeSetupSecret(page: Location = location, browserHistory: History = history): void {
  const address = new URL(page.href);
  const found = address.searchParams.get('setup');
  if (found === null) return;
  secret = found;
  address.searchParams.delete('setup');
  browserHistory.replaceState(browserHistory.state, '', address.pathname + address.search + address.hash);
}

/** Null if the page was not opened at the printed address. */
export function setupSecret(): string | null {
  return secret;
}
