/**
 * Calls listeners at most once per task: however many frames arrive together, an app renders once.
 */
export interface Notifier<Topic> {
  /** Listens to one topic; without one, to what is touched without one. Returns the way to stop. */
  subscribe(listener: () => void, topic?: Topic): () => void;
  touch(topic?: Topic): void;
}

export function createNotifier<Topic>(): Notifier<Topic> {
  const listeners = new Map<() => void, Topic | undefined>();
  let due = new Set<Topic | undefined>();

  function notify(): void {
    const topics = due;
    due = new Set();
    listeners.forEach((topic, listener) => topics.has(topic) && listener());
  }

  return {
    subscribe(listener, topic) {
      // A new function each time, so that the same listener may be added twice and removed once.
      const own = (): void => listener();
      listeners.set(own, topic);
      return () => void listeners.delete(own);
    },
    touch(topic) {
      if (due.size === 0) queueMicrotask(notify);
      due.add(topic);
    },
  };
}
