import { type RefObject, useLayoutEffect } from 'react';

/**
 * Lets virtua notice that the list has stopped scrolling while it was hidden.
 *
 * A row whose code is still loading hides the list (Suspense), which ends its layout effects. virtua 0.54 then clears the timer by which it
 * notices the end of scrolling, and takes the list to be scrolling until the next scroll event: it ignores the pointer and defers corrections
 * of the position on iOS. Layout effects run again when the list is shown: an event without a change of position starts the timer again.
 */
export function useEndOfScrolling(scroller: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    // virtua observes the scroller again in a microtask after its own effect.
    const frame = requestAnimationFrame(() => scroller.current?.dispatchEvent(new Event('scroll')));
    return () => cancelAnimationFrame(frame);
  }, [scroller]);
}
