/**
 * The one error class of the client; `code` tells errors apart.
 *
 *   ChatError
 *   ├── from the server: the codes of the protocol (`forbidden`, `not_a_member`, `rate_limited` …)
 *   └── from the client: `network` (no answer), `timeout`, `connection_lost` (the socket died under a
 *       command that must not be repeated), `discarded`, `expired`, `offline` (not tried: no connection), `cancelled`
 */
import type { ErrorData } from './protocol.ts';

export class ChatError extends Error {
  override readonly name = 'ChatError';
  declare readonly code: string;
  /** HTTP status, also over the WebSocket; null where no answer came. */
  declare readonly status: number | null;
  /** For people; never compare it. */
  declare readonly detail: string;
  /** Seconds to wait before the next try, where the server named them. */
  declare readonly retryAfter: number | null;
  /** By field name. */
  declare readonly errors: Readonly<Record<string, readonly string[]>>;
  /** True where the same request will always be refused. */
  declare readonly final: boolean;

  constructor({ code, status = null, detail = code, retry_after = null, errors = {} }: ErrorBody) {
    super(detail);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.retryAfter = retry_after;
    this.errors = errors;
    this.final = isFinalStatus(status ?? 0);
  }
}

interface ErrorBody {
  readonly code: string;
  readonly status?: number | null;
  readonly detail?: string;
  readonly retry_after?: number | null;
  readonly errors?: ErrorData['errors'];
}

/** 4xx is final, except unauthenticated (401), timeout (408), too early (425) and too many requests (429). */
export function isFinalStatus(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status);
}
