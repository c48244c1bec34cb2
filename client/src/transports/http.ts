/**
 * The HTTP transport: every command as one request, and the poll that carries the frames.
 *
 * Knows routes, problem+json and timeouts. It does not know who asks, nor retries anything:
 * that is decided above, where it is known what may be repeated.
 */
import type { Environment } from '../environment.ts';
import { ChatError } from '../errors.ts';
import {
  COMMANDS,
  type CommandFields,
  type CommandName,
  type CommandResult,
  isFrame,
  type Resume,
  type SyncResponse,
  type TicketResponse,
} from '../protocol.ts';
import type { ConnectionReason } from '../types.ts';
import { ANSWER_MS, type Transport } from './transport.ts';

/** What each answer says about the link and the session. */
export interface HttpWitness {
  /** An answer came (true), or none or a server's failure (false). */
  witness(answered: boolean): void;
  refused(reason: ConnectionReason): void;
}

/** Statuses that no repetition and no other command can get past. */
const REFUSALS: Readonly<Record<number, ConnectionReason>> = { 401: 'signed_out', 426: 'update_required' };

export class Http implements Transport {
  readonly method = 'rest';
  readonly #env: Environment;
  readonly #witness: HttpWitness;

  constructor(env: Environment, witness: HttpWitness) {
    this.#env = env;
    this.#witness = witness;
  }

  request<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>> {
    const { method, path } = COMMANDS[type];
    const rest: Record<string, unknown> = { ...fields };
    let url = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = String(rest[name]);
      delete rest[name];
      return encodeURIComponent(value);
    });
    if (method !== 'GET' && method !== 'DELETE') return this.#fetch(method, url, rest) as Promise<CommandResult<C>>;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(rest))
      if (value !== undefined && value !== null) query.set(name, `${value as string | number}`);
    if (query.size > 0) url += `?${query}`;
    return this.#fetch(method, url) as Promise<CommandResult<C>>;
  }

  /** The frames after `resume`; waits up to `wait_s` seconds for the first. `undefined`: a newcomer's. */
  async sync(resume: Resume | undefined, wait_s: number, signal: AbortSignal): Promise<SyncResponse> {
    const body = { wait: wait_s, client: this.#env.client, ...(resume && { resume }) };
    try {
      const answer = (await this.#fetch('POST', '/api/sync', body, wait_s * 1_000, signal)) as SyncResponse;
      return { ...answer, frames: answer.frames.filter(isFrame) };
    } catch (error) {
      // Only here is 403 about the person and not about one room.
      if (error instanceof ChatError && error.status === 403) this.#witness.refused('forbidden');
      throw error;
    }
  }

  async ticket(): Promise<string> {
    return ((await this.#fetch('POST', '/api/auth/ticket')) as TicketResponse).ticket;
  }

  async #fetch(method: string, path: string, body?: object, wait_ms = 0, outer?: AbortSignal): Promise<unknown> {
    const { fetch, clock, baseUrl, headers, credentials } = this.#env;
    const abort = new AbortController();
    const cancel = (): void => abort.abort();
    outer?.addEventListener('abort', cancel);
    const timer = clock.setTimeout(cancel, ANSWER_MS + wait_ms);
    try {
      const response = await fetch(baseUrl + path, {
        method,
        credentials,
        cache: 'no-store',
        signal: abort.signal,
        headers: { ...(await headers()), ...(body && { 'Content-Type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw refusal(response, text);
      const result: unknown = text === '' ? {} : JSON.parse(text);
      this.#witness.witness(true);
      return result;
    } catch (cause) {
      if (outer?.aborted) throw new ChatError({ code: 'stopped' });
      if (!(cause instanceof ChatError)) {
        this.#witness.witness(false);
        throw new ChatError({ code: 'network', detail: 'The server did not answer.' });
      }
      const status = cause.status ?? 0;
      this.#witness.witness(status < 500);
      const reason = REFUSALS[status];
      if (reason) this.#witness.refused(reason);
      throw cause;
    } finally {
      clock.clearTimeout(timer);
      outer?.removeEventListener('abort', cancel);
    }
  }
}

/** A problem+json body as an error; a proxy's own page becomes `http_502` and the like. */
function refusal(response: Response, text: string): ChatError {
  const { status } = response;
  const after = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const told = Number.isFinite(after) ? { retry_after: after } : {};
  try {
    const problem = JSON.parse(text) as { code?: unknown };
    if (typeof problem.code === 'string') return new ChatError({ ...told, ...problem, code: problem.code, status });
  } catch {
    // Not ours: fall through to the status alone.
  }
  return new ChatError({ ...told, code: `http_${status}`, status, detail: `The server answered ${status}.` });
}
