/** Where the focus goes when something opens, and where it returns to when that closes. */

const FIELDS = 'input:not([type=hidden]), textarea, select';

/** Remembers what has the focus now. Call what it returns to give the focus back. */
export function rememberFocus(): () => void {
  const chain = ancestorsOf(document.activeElement);
  // The opener may be gone, as a toolbar is with the hover; the row it stood in is the next best place.
  return () => focusFirst(chain);
}

/**
 * Whatever has the focus may be taken away: the buttons of a message that is deleted, a reaction that was the last of its kind, the
 * row of a member who is removed. The browser would leave the focus nowhere, and the next Tab would begin at the top of the page. It
 * goes to the nearest place around what is gone. Returns what ends this.
 */
export function restoreLostFocus(): () => void {
  let chain: Element[] = [];
  const onFocusIn = () => {
    chain = ancestorsOf(document.activeElement);
  };
  const onFocusOut = () =>
    // Not because the element goes, but because somebody clicked elsewhere: what happens to it then is no matter.
    queueMicrotask(() => {
      if (chain[0]?.isConnected && document.activeElement === document.body) chain = [];
    });
  const observer = new MutationObserver(() => {
    if (!chain[0] || chain[0].isConnected || document.activeElement !== document.body) return;
    focusFirst(chain);
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
  const chain: Element[] = [];
  for (let each = element; each && each !== document.body; each = each.parentElement) chain.push(each);
  return chain;
}

function focusFirst(chain: readonly Element[]): void {
  const target = chain.find((each) => each.isConnected && isFocusable(each)) ?? home();
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/**
 * The first element of a dialog to be focused: its first field, else the first button of the footer. In a question that is the answer which changes nothing. Else the middle, for the keys that scroll.
 */
export function initialFocus(dialog: HTMLElement): HTMLElement {
  const usable = (selector: string) =>
    [...dialog.querySelectorAll<HTMLElement>(selector)].find((each) => !(each as HTMLInputElement).disabled);
  return usable(FIELDS) ?? usable('footer button') ?? usable('[data-body]') ?? dialog;
}

function isFocusable(element: Element): boolean {
  return (
    element.matches('a[href], button:enabled, :is(input, textarea, select):enabled, [tabindex]') &&
    element.checkVisibility()
  );
}

/** The composer, which has `data-focus-home`; on touch that would bring up the keyboard. */
function home(): Element | null {
  const touch = matchMedia('(pointer: coarse)').matches;
  return touch ? document.getElementById('room-title') : document.querySelector('[data-focus-home]');
}
