/**
 * The one-time secret in the address that a new server prints: `/?setup=…`. It leaves the address bar, and with it the history and
 * every `Referer`, before anything is drawn, and stays in this page's memory alone.
 */
let secret: string | null = null;

/** Takes the secret out of the address. Called once, before the app is drawn. */
export function takeSetupSecret(place: Location = location, past: History = history): void {
  const address = new URL(place.href);
  const found = address.searchParams.get('setup');
  if (found === null) return;
  secret = found;
  address.searchParams.delete('setup');
  past.replaceState(past.state, '', address.pathname + address.search + address.hash);
}

/** Null where the page was opened by another address than the printed one. */
export function setupSecret(): string | null {
  return secret;
}
