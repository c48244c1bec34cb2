/**
 * The lock that makes one tab the leader: asked for, taken away, held, given back.
 *
 * The browser may call back after the request was given up: callbacks of earlier requests are ignored.
 */
export type LockEvent = 'granted' | 'stolen' | 'failed';

export class TabLock {
  readonly #locks: Pick<LockManager, 'request'> | null;
  readonly #name: string;
  readonly #onEvent: (event: LockEvent) => void;
  #request = 0;
  #free = (): void => {};

  constructor(locks: Pick<LockManager, 'request'> | null, name: string, onEvent: (event: LockEvent) => void) {
    this.#locks = locks;
    this.#name = name;
    this.#onEvent = onEvent;
  }

  request(how: { readonly steal?: true } = {}): void {
    if (!this.#locks) return this.#onEvent('failed');
    const number = ++this.#request;
    const isMine = (): boolean => number === this.#request;
    const waiting = new AbortController();
    let isHeld = false;
    this.#free = () => waiting.abort();
    this.#locks
      .request(this.#name, how.steal ? how : { signal: waiting.signal }, () => {
        if (!isMine()) return undefined;
        isHeld = true;
        const held = new Promise<void>((resolve) => {
          this.#free = resolve;
        });
        this.#onEvent('granted');
        return held;
      })
      .catch(() => isMine() && this.#onEvent(isHeld ? 'stolen' : 'failed'));
  }

  /** Gives it back, or leaves the queue. */
  release(): void {
    this.#request++;
    this.#free();
  }
}
