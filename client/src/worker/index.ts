/**
 * @backchannel/client/worker: sends what closed tabs have left, from a service worker.
 *
 * Like a tab it adopts messages that no living tab owns, sends them under their ids, in the order written
 * within each room, and removes those that the server has. It opens no socket and keeps no credential:
 * the browser's session cookie signs the requests, and only messages of its person are touched.
 */
import { addressOf } from '../environment.ts';
import { ChatError } from '../errors.ts';
import { toJson } from '../json.ts';
import { defaultStorage } from '../outboxStorage.ts';
import type { RoomId, User } from '../protocol.ts';
import { ownedStorage } from '../tabs/ownedStorage.ts';
import type { FetchLike, OutboxItem, OutboxStorage } from '../types.ts';

export interface DeliverOptions {
  /** As the pages were given it. Default: the worker's origin. */
  readonly baseUrl?: string;
  readonly storage?: OutboxStorage;
  readonly locks?: Pick<LockManager, 'request' | 'query'>;
  readonly fetch?: FetchLike;
  readonly now?: () => number;
}

/** Messages older than this are not sent without asking; the next visit asks. */
const EXPIRY_MS = 24 * 60 * 60 * 1_000;

/**
 * `done`: no message is left to send. `later`: the server did not answer, or living tabs
 * have messages they may yet leave behind; ask the browser to call again. `signed_out`: all is kept
 * until that person is back.
 */
export type Delivery = 'done' | 'later' | 'signed_out';

export async function deliverOutbox(options: DeliverOptions = {}): Promise<Delivery> {
  const { now = Date.now, locks = globalThis.navigator.locks } = options;
  const baseUrl = addressOf(options.baseUrl);
  const fetch: FetchLike = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const base = options.storage ?? defaultStorage(baseUrl);
  if ((await base.load()).length === 0) return 'done';

  let userId: number;
  try {
    userId = ((await call(fetch, 'GET', `${baseUrl}/api/me`)) as { user: User }).user.id;
  } catch (error) {
    return (error as ChatError).status === 401 ? 'signed_out' : 'later';
  }
  const storage = ownedStorage(base, locks, { name: `backchannel ${baseUrl} outbox`, userId, tab: 'worker' });
  try {
    const stuck = new Set<RoomId>();
    const items = (await storage.load()).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    for (const item of items) {
      const expired = now() - item.createdAt > EXPIRY_MS;
      if (item.state === 'failed' || expired || stuck.has(item.roomId)) continue;
      try {
        const [method, path, body] = requestOf(item);
        await call(fetch, method, `${baseUrl}/api/${path}`, body);
        await storage.remove([item.id]);
      } catch (cause) {
        const { code, status, detail, final } = cause as ChatError;
        if (status === 401) return 'signed_out';
        // An undo of something that never arrived has nothing to do.
        if (final && item.change?.undo) await storage.remove([item.id]);
        else if (final) await storage.put({ ...item, state: 'failed', error: { code, status, detail } });
        else stuck.add(item.roomId);
      }
    }
    const left = (await base.load()).some((item) => item.userId === userId && item.state === 'queued');
    return stuck.size > 0 || left ? 'later' : 'done';
  } finally {
    storage.disown();
  }
}

function requestOf({
  id,
  roomId,
  content,
  replyTo,
  attachments,
  inThread,
  change,
}: OutboxItem): [string, string, object?] {
  if (!change) {
    const more = {
      ...(replyTo !== null && { reply_to: replyTo }),
      ...(attachments.length > 0 && { attachments }),
      ...inThread,
    };
    return ['POST', `rooms/${roomId}/messages`, { id, content, ...more }];
  }
  const message = `messages/${change.message_id}`;
  switch (change.type) {
    case 'edit_message': {
      const { base_seq } = change;
      return ['PATCH', message, { content: change.content, ...(base_seq !== undefined && { base_seq }) }];
    }
    case 'delete_message':
      return ['DELETE', message];
    default: {
      const method = change.type === 'add_reaction' ? 'PUT' : 'DELETE';
      return [method, `${message}/reactions/${encodeURIComponent(change.emoji)}`];
    }
  }
}

async function call(fetch: FetchLike, method: string, url: string, body?: object): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: toJson(body) }),
    });
  } catch {
    throw new ChatError({ code: 'network' });
  }
  const { ok, status } = response;
  const answer = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  if (!ok) throw new ChatError({ code: `http_${status}`, ...answer, status });
  return answer;
}
