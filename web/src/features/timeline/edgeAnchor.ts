/**
 * Holds a message where it is while rows come in right above it.
 *
 * The virtualiser corrects for rows that turn out taller than guessed as long as they lie above the screen. At the very
 * top of what was held there is no "above": the new rows begin at the screen's edge, and every correction would push
 * what is being read. So the message that is read is remembered, and put back after each of them.
 */
export interface EdgeAnchor {
  /** After every scroll: which message is read now, and where it stands. */
  note(): void;
  /** Rows were added before the first. Only matters to somebody at the top edge. */
  hold(now: number): void;
  /** After heights changed. True where something was put back. */
  correct(now: number): boolean;
  /** Somebody scrolls: nothing is put back against their hand. */
  release(): void;
}

/** Farther from the top than this, the virtualiser's own correction does it. */
const EDGE_PX = 240;
/** By then the new rows are measured. */
const HOLD_MS = 500;

export function createEdgeAnchor(scroller: () => HTMLElement | null): EdgeAnchor {
  let read: { id: string; top: number } | null = null;
  let heldUntil = 0;
  return {
    note() {
      const element = scroller();
      if (!element) return;
      const atEdge = element.scrollTop < EDGE_PX;
      const edge = element.getBoundingClientRect().top;
      const row = atEdge ? firstBelow(element, edge) : undefined;
      read = row ? { id: row.dataset['message'] ?? '', top: row.getBoundingClientRect().top } : null;
    },
    hold(now) {
      heldUntil = read ? now + HOLD_MS : 0;
    },
    correct(now) {
      const element = scroller();
      if (!read || !element || now > heldUntil) return false;
      const row = element.querySelector(`[data-message="${CSS.escape(read.id)}"]`);
      const moved = row ? row.getBoundingClientRect().top - read.top : 0;
      if (Math.abs(moved) < 1) return false;
      element.scrollTop += moved;
      return true;
    },
    release() {
      heldUntil = 0;
    },
  };
}

function firstBelow(element: HTMLElement, edge: number): HTMLElement | undefined {
  return [...element.querySelectorAll<HTMLElement>('[data-message]')].find(
    (row) => row.getBoundingClientRect().top >= edge,
  );
}
