/** Events of the host (online, wake), which a browser would raise; here the test does. */
import type { HostEvents, HostFact } from '@backchannel/client';

export class ManualHostEvents implements HostEvents {
  readonly #listeners = new Set<(fact: HostFact) => void>();

  isOnline(): boolean {
    return true;
  }

  subscribe(listener: (fact: HostFact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(fact: HostFact): void {
    for (const listener of this.#listeners) listener(fact);
  }
}
