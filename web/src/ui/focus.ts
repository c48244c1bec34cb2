/** Where the focus goes when something opens, and where it returns to when that closes. */

const FIELDS = 'input:not([type=hidden]), textarea, select';

/** Remembers what has the focus now. Call what it returns to give the focus back. */
export function rememberFocus(): () => void {
  const chain: Element[] = [];
  for (let each = document.activeElement; each && each !== document.body; each = each.parentElement) chain.push(each);
  return () => {
    // The opener may be gone, as a toolbar is with the hover; the row it stood in is the next best place.
    const target = chain.find((each) => each.isConnected && isFocusable(each)) ?? home();
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  };
}

/**
 * The first element of a dialog to be focused: its first field, else the first button of the footer. In a question that is the answer which changes nothing. Else the middle, for the keys that scroll.
 */
export function firstOf(dialog: HTMLElement): HTMLElement {
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
