/**
 * When components hear what is new: at once while it is quiet, and once a frame while much comes in, as nobody sees what is
 * drawn between two frames.
 *
 *   idle ── news ──▶ soon (a microtask) ── told ──▶ waiting (for the frame) ── news came ──▶ told, and waiting again
 *     ▲                                                 └────────────────────── nothing ──▶ idle
 *
 * The store is always read as it is now, so what waits is only the drawing. Where no frames are (a hidden page, no browser)
 * nothing waits: titles, counts and whatever else hangs on a component go on there.
 */
type Listener = () => void;

/** A page that is visible and still gets no frames (a frame scrolled out of sight, a covered window) hears it by then. */
const AT_LATEST_MS = 100;

/** One for the whole window, as frames are: what several stores say is drawn together. */
const due = new Set<Listener>();
let state: 'idle' | 'soon' | 'waiting' = 'idle';

/** Subscribes a component: `subscribe` is that of a store, `listener` is called when it is time to draw. */
export function subscribePerFrame(subscribe: (listener: Listener) => Listener, listener: Listener): Listener {
  // Of its own, so that the same listener may come twice and go once.
  const own = (): void => listener();
  const stop = subscribe(() => {
    due.add(own);
    if (state !== 'idle') return;
    state = 'soon';
    // After all who are told of the same news.
    queueMicrotask(tell);
  });
  return () => {
    stop();
    due.delete(own);
  };
}

function tell(): void {
  const listeners = [...due];
  due.clear();
  state = listeners.length > 0 && hasFrames() ? 'waiting' : 'idle';
  if (state === 'waiting') waitForFrame();
  listeners.forEach((listener) => listener());
}

function waitForFrame(): void {
  // Behind the frame, not in it: a list that scrolls as it is drawn has to hear of that before its rows are measured.
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    setTimeout(tell);
  });
  const timer = setTimeout(() => {
    cancelAnimationFrame(frame);
    tell();
  }, AT_LATEST_MS);
}

const hasFrames = (): boolean => typeof document !== 'undefined' && !document.hidden;
