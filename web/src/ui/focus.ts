/** Where the focus goes when something opens, when it closes, and when the focused element is removed. */

const FIELDS = 'input:not([type=hidden]), textarea, select';

/** Remembers the focused element. The returned function gives the focus back. */
export function rememberFocus(): () => void {
  const ancestors = ancestorsOf(document.activeElement);
  // The opener may be gone, such as a toolbar after the pointer left; then its nearest remaining ancestor takes the
  // focus.
  return () => focusFirst(ancestors);
}

/**
 * When the focused element is removed from the page (a deleted message, a last reaction, a removed member), the browser
 * would drop the focus, and the next Tab would start at the top of the page. This moves it to the nearest remaining
 * ancestor. Returns a function that stops it.
 */
export function restoreLostFocus(): () => void {
  let ancestors: Element[] = [];
  const onFocusIn = () => {
    ancestors = ancestorsOf(document.activeElement);
  };
  const onFocusOut = () =>
    // The user clicked elsewhere and the element is still there: ignore its later removal.
    queueMicrotask(() => {
      if (ancestors[0]?.isConnected && document.activeElement === document.body) ancestors = [];
    });
  const observer = new MutationObserver(() => {
    if (!ancestors[0] || ancestors[0].isConnected || document.activeElement !== document.body) return;
    focusFirst(ancestors);
  });
  document.addEventListener('focusin', onFocusIn);
  document.addEventListener('focusout', onFocusOut);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener('focusin', onFocusIn);
    document.removeEventListener('focusout', onFocusOut);
    observer.disconnect();
  };
}

function ancestorsOf(element: Element | null): Element[] {
  const ancestors: Element[] = [];
  for (let each = element; each && each !== document.body; each = each.parentElement) ancestors.push(each);
  return ancestors;
}

function focusFirst(ancestors: readonly Element[]): void {
  const target = ancestors.find((each) => each.isConnected && isFocusable(each)) ?? defaultTarget();
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/**
 * The element of a dialog to focus first: its first field, else the first footer button (the harmless one), else the
 * scrolling middle.
 */
export function initialFocus(dialog: HTMLElement): HTMLElement {
  const usable = (selector: string) =>
    [...dialog.querySelectorAll<HTMLElement>(selector)].find((each) => !(each as HTMLInputElement).disabled);
  return usable(FIELDS) ?? usable('footer button') ?? usable('[data-body]') ?? dialog;
}

/** Whether a keyboard can scroll `element` only if `element` itself takes the focus: it overflows, and nothing in it does. */
export function scrollsByFocusAlone(element: HTMLElement): boolean {
  return element.scrollHeight > element.clientHeight && ![...element.querySelectorAll('*')].some(isFocusable);
}

function isFocusable(element: Element): boolean {
  return (
    element.matches('a[href], button:enabled, :is(input, textarea, select):enabled, [tabindex]') &&
    element.checkVisibility()
  );
}

/**
 * The composer, which has `data-focus-home`; on touch the room's title, because the composer would open the keyboard.
 */
function defaultTarget(): Element | null {
  const touch = matchMedia('(pointer: coarse)').matches;
  return touch ? document.getElementById('room-title') : document.querySelector('[data-focus-home]');
}
