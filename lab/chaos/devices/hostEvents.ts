/** What a browser would tell the client of its host, told by hand. */
import type { HostEvents, HostFact } from '@backchannel/client';

export class ToldEvents implements HostEvents {
  readonly #listeners = new Set<(fact: HostFact) => void>();

  isOnline(): boolean {
    return true;
  }

  subscribe(listener: (fact: HostFact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(fact: HostFact): void {
    for (const listener of this.#listeners) listener(fact);
  }
}
