/**
 * The WebSocket that a tab's client is given. Behind it is a real one where this tab leads (or is
 * alone), else the leader's. The client behaves the same either way: it sends `hello`, catches up, pings and
 * reconnects by its own rules.
 *
 * Knows nothing of tabs: its backend (tabCoordinator.ts) connects it.
 */
import type { WebSocketLike } from '../types.ts';

/** What connects shared sockets. */
export interface SocketBackend {
  attach(socket: SharedSocket): void;
  send(socket: SharedSocket, text: string): void;
  detach(socket: SharedSocket): void;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

export class SharedSocket implements WebSocketLike {
  readyState = CONNECTING;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly url: string;
  readonly #backend: SocketBackend;

  constructor(backend: SocketBackend, url: string) {
    this.#backend = backend;
    this.url = url;
    backend.attach(this);
  }

  send(text: string): void {
    if (this.readyState === OPEN) this.#backend.send(this, text);
  }

  close(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#backend.detach(this);
  }

  // ── for the backend ───────────────────────────────────────────────────────────────────────

  get isConnecting(): boolean {
    return this.readyState === CONNECTING;
  }

  open(): void {
    if (this.readyState !== CONNECTING) return;
    this.readyState = OPEN;
    this.onopen?.({} as never);
  }

  receive(text: string): void {
    if (this.readyState === OPEN) this.onmessage?.({ data: text } as never);
  }

  end(code: number): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.({ code } as never);
  }
}
