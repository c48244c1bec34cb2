import { createStore, useStore } from './store.ts';

/** `turn` changes the node, so that the same words twice are said twice. */
const spoken = createStore({ text: '', turn: 0 });

/** Has a screen reader say `text` when it is next silent. */
export function announce(text: string): void {
  spoken.set((last) => ({ text, turn: last.turn + 1 }));
}

/** The one polite live region of the page. Rows of lists are never live: virtualised ones would be read on scrolling. */
export function Announcer() {
  const { text, turn } = useStore(spoken, (value) => value);
  return (
    <div className="sr-only" role="status" aria-live="polite" aria-atomic="true" data-testid="announcer">
      <span key={turn}>{text}</span>
    </div>
  );
}
