/**
 * Who listens, told at most once per task: however many frames arrive together, one render.
 */
export interface Notifier {
  subscribe(listener: () => void): () => void;
  touch(): void;
}

export function createNotifier(): Notifier {
  const listeners = new Set<() => void>();
  let isDue = false;
  return {
    subscribe(listener) {
      // A fresh function each time, so that the same listener may come twice and go once.
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    touch() {
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        listeners.forEach((listener) => listener());
      });
    },
  };
}
