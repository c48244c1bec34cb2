/**
 * Who listens, told at most once per task: however many frames arrive together, one render.
 */
export class Notifier {
  readonly #listeners = new Set<() => void>();
  #due = false;

  subscribe(listener: () => void): () => void {
    // A fresh function each time, so that the same listener may come twice and go once.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  touch(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#listeners.forEach((listener) => listener());
    });
  }
}
