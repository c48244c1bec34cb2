/**
 * The lock that makes one tab the leader: asked for, taken away, held, given back.
 *
 * The browser calls back late; what belongs to an earlier request is passed over.
 */
export type LockEvent = 'granted' | 'robbed' | 'failed';

export class TabLock {
  readonly #locks: Pick<LockManager, 'request'> | null;
  readonly #name: string;
  readonly #tell: (event: LockEvent) => void;
  #turn = 0;
  #letGo = (): void => {};

  constructor(locks: Pick<LockManager, 'request'> | null, name: string, tell: (event: LockEvent) => void) {
    this.#locks = locks;
    this.#name = name;
    this.#tell = tell;
  }

  request(how: { readonly steal?: true } = {}): void {
    if (!this.#locks) return this.#tell('failed');
    const turn = ++this.#turn;
    const isMine = (): boolean => turn === this.#turn;
    const waiting = new AbortController();
    let isHeld = false;
    this.#letGo = () => waiting.abort();
    this.#locks
      .request(this.#name, how.steal ? how : { signal: waiting.signal }, () => {
        if (!isMine()) return undefined;
        isHeld = true;
        const held = new Promise<void>((resolve) => {
          this.#letGo = resolve;
        });
        this.#tell('granted');
        return held;
      })
      .catch(() => isMine() && this.#tell(isHeld ? 'robbed' : 'failed'));
  }

  /** Gives it back, or leaves the queue. */
  release(): void {
    this.#turn++;
    this.#letGo();
  }
}
