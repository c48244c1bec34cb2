/**
 * The HTTP transport: every command as one request, and the poll that carries the frames.
 *
 * Knows routes, problem+json and timeouts. It retries nothing: callers know what may be repeated.
 */
import type { Environment } from '../environment.ts';
import { ChatError } from '../errors.ts';
import { toJson, wellFormed } from '../json.ts';
import { type CommandFields, type CommandName, type CommandResult, isFrame } from '../protocol.ts';
import type { Resume, Routes, SyncResponse } from '../protocol.ts';
import type { ConnectionReason } from '../types.ts';
import { ANSWER_MS, type Transport } from './transport.ts';

/** Is called after each request. */
export interface HttpListener {
  /** False where no answer came, or a server error. */
  answered(ok: boolean): void;
  refused(reason: ConnectionReason): void;
}

export interface Http extends Transport {
  /** The frames after `resume` (undefined: a first connection); waits up to `wait_s` seconds for one. */
  sync(resume: Resume | undefined, wait_s: number, signal: AbortSignal): Promise<SyncResponse>;
}

/** @param routes the commands that can be sent; features add theirs. */
export function createHttp(env: Environment, { answered, refused }: HttpListener, routes: Routes): Http {
  /** @param outer ends a poll early; only polls have one. */
  async function ask(method: string, path: string, body?: object, wait_ms = 0, outer?: AbortSignal): Promise<unknown> {
    const late = new AbortController();
    const timer = env.clock.setTimeout(() => late.abort(), ANSWER_MS + wait_ms);
    try {
      const response = await env.fetch(env.baseUrl + path, {
        method,
        credentials: env.credentials,
        cache: 'no-store',
        signal: outer ? AbortSignal.any([outer, late.signal]) : late.signal,
        headers: { ...(await env.headers()), ...(body && { 'Content-Type': 'application/json' }) },
        ...(body && { body: toJson(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw refusal(response, text);
      const result: unknown = JSON.parse(text || '{}');
      answered(true);
      return result;
    } catch (cause) {
      if (outer?.aborted) throw cause;
      const error =
        cause instanceof ChatError ? cause : new ChatError({ code: 'network', detail: 'The server did not answer.' });
      const { status } = error;
      answered(status !== null && status < 500);
      // These concern the session, not the request.
      if (status === 401) refused('signed_out');
      if (status === 426) refused('update_required');
      // A poll is not about one room, so its 403 is about the person.
      if (status === 403 && outer) refused('forbidden');
      throw error;
    } finally {
      env.clock.clearTimeout(timer);
    }
  }

  return {
    method: 'rest',
    request<C extends CommandName>(type: C, fields: CommandFields<C>) {
      const rest: Record<string, unknown> = { ...fields };
      const [method, template] = (routes[type] as string).split(' ') as [string, string];
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = String(rest[name]);
        delete rest[name];
        return encodeURIComponent(wellFormed(value));
      });
      if (method !== 'GET' && method !== 'DELETE') return ask(method, path, rest) as Promise<CommandResult<C>>;
      const given = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null);
      const query = given.length > 0 ? `?${new URLSearchParams(given as string[][])}` : '';
      return ask(method, path + query) as Promise<CommandResult<C>>;
    },
    async sync(resume, wait_s, signal) {
      const body = { wait: wait_s, client: env.client, ...(resume && { resume }) };
      const answer = (await ask('POST', '/api/sync', body, wait_s * 1_000, signal)) as SyncResponse;
      return { ...answer, frames: answer.frames.filter(isFrame) };
    },
  };
}

/** The error of a problem+json body; a proxy's own page becomes `http_502` and the like. */
export function refusal({ status, headers }: Response, text: string): ChatError {
  const after = headers.get('Retry-After');
  const problem = {
    code: `http_${status}`,
    detail: `The server answered ${status}.`,
    // Proxies may name a date instead of seconds: no number, no wait.
    retry_after: after && Number.isFinite(+after) ? +after : null,
  };
  try {
    const body = JSON.parse(text) as { code?: unknown };
    if (typeof body.code === 'string') Object.assign(problem, body);
  } catch {
    // Not the server's own answer: only the status is known.
  }
  return new ChatError({ ...problem, status });
}
