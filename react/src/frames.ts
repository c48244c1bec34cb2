/**
 * Limits renders to one per animation frame: the first change is rendered at once, further ones together in the next frame.
 *
 *   idle ── change ──▶ soon (a microtask) ── flush ──▶ waiting (for the frame) ── changed ──▶ flush, and waiting again
 *     ▲                                                   └───────────────────── unchanged ──▶ idle
 *
 * The store is always current; only renders are delayed. Without animation frames (a hidden page, no browser) every change
 * is rendered at once, so that titles and counts stay current.
 */
type Listener = () => void;

/** The longest delay: a visible page may get no frames (an iframe out of view, a covered window). */
const MAX_DELAY_MS = 100;

/** Shared by the whole window, so that changes of several stores render together. */
const due = new Set<Listener>();
let state: 'idle' | 'soon' | 'waiting' = 'idle';

/** Subscribes a component: `subscribe` is that of a store, `listener` is called when the component is to render. */
export function subscribePerFrame(subscribe: (listener: Listener) => Listener, listener: Listener): Listener {
  // A new function each time, so that the same listener may be added twice and removed once.
  const own = (): void => listener();
  const stop = subscribe(() => {
    due.add(own);
    if (state !== 'idle') return;
    state = 'soon';
    // After all listeners of the same change are due.
    queueMicrotask(flush);
  });
  return () => {
    stop();
    due.delete(own);
  };
}

function flush(): void {
  const listeners = [...due];
  due.clear();
  state = listeners.length > 0 && hasFrames() ? 'waiting' : 'idle';
  if (state === 'waiting') waitForFrame();
  listeners.forEach((listener) => listener());
}

function waitForFrame(): void {
  // After the frame, not in it: a list that scrolls while it renders must get the scroll event before its rows are measured.
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    setTimeout(flush);
  });
  const timer = setTimeout(() => {
    cancelAnimationFrame(frame);
    flush();
  }, MAX_DELAY_MS);
}

const hasFrames = (): boolean => typeof document !== 'undefined' && !document.hidden;
