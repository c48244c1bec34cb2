/** Browsers send the click within this time after the release. */
const CLICK_TIMEOUT_MS = 400;

/**
 * Suppresses the release and the click of the current press, which would otherwise reach whatever is under the pointer
 * by then. Until the release, `data-pressing` on the root makes menus and dialogs ignore the pointer, so that one that
 * opens under a finger is not pressed.
 */
export function swallowPress(): void {
  const root = document.documentElement;
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal } as const;
  root.dataset['pressing'] = '';
  stop.signal.addEventListener('abort', () => delete root.dataset['pressing']);

  const swallow = (event: Event) => {
    // Enter and Space also cause clicks; those have detail 0.
    if (event.type === 'click' && (event as MouseEvent).detail === 0) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const release = () => {
    // After the other events of the release.
    setTimeout(() => delete root.dataset['pressing'], 0);
    setTimeout(() => stop.abort(), CLICK_TIMEOUT_MS);
  };
  // Preventing touchend prevents the click; a mouse or pen clicks in any case.
  window.addEventListener('touchend', swallow, { ...options, passive: false });
  window.addEventListener('click', swallow, options);
  for (const name of ['pointerup', 'pointercancel', 'touchend', 'touchcancel'] as const)
    window.addEventListener(name, release, options);
  // Without capture: only blur of the window, not of its elements.
  window.addEventListener('blur', release, { signal: stop.signal });
  // A new press is not affected.
  window.addEventListener('pointerdown', () => stop.abort(), options);
}
