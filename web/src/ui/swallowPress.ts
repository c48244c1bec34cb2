/** The click that ends a press belongs to what was pressed, not to what lies under the pointer by then. */

/** A browser sends the click within this time after the pointer went up. */
const CLICK_MS = 400;

/**
 * Swallows the rest of the press that is under way: its release and its click. Until the release, `data-pressing` on the
 * root makes menus and dialogs ignore the pointer, so that what opens under a finger stays untouched.
 */
export function swallowPress(): void {
  const root = document.documentElement;
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal } as const;
  root.dataset['pressing'] = '';
  stop.signal.addEventListener('abort', () => delete root.dataset['pressing']);

  const swallow = (event: Event) => {
    // Enter and Space make clicks as well; those have no detail.
    if (event.type === 'click' && (event as MouseEvent).detail === 0) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const release = () => {
    // The events of the release itself come first.
    setTimeout(() => delete root.dataset['pressing'], 0);
    setTimeout(() => stop.abort(), CLICK_MS);
  };
  // After a prevented touchend there is no click at all; a mouse or a pen makes one in any case.
  window.addEventListener('touchend', swallow, { ...options, passive: false });
  window.addEventListener('click', swallow, options);
  for (const name of ['pointerup', 'pointercancel', 'touchend', 'touchcancel'] as const)
    window.addEventListener(name, release, options);
  // The window's own, not that of every element in it.
  window.addEventListener('blur', release, { signal: stop.signal });
  // The next press is another one.
  window.addEventListener('pointerdown', () => stop.abort(), options);
}
