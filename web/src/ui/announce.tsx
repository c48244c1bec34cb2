import { createStore, useStore } from './store.ts';

/** `turn` makes a new node each time, so that a repeated text is announced again. */
const announcement = createStore({ text: '', turn: 0 });

/** Makes screen readers announce `text` politely. */
export function announce(text: string): void {
  announcement.set((last) => ({ text, turn: last.turn + 1 }));
}

/**
 * The only polite live region of the page. List rows are not live: virtualised ones would be announced on scrolling.
 */
export function Announcer() {
  const { text, turn } = useStore(announcement, (value) => value);
  return (
    <div className="sr-only" role="status" aria-live="polite" aria-atomic="true" data-testid="announcer">
      <span key={turn}>{text}</span>
    </div>
  );
}
