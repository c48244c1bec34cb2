/**
 * Edits, deletions and reactions through the outbox: stored on the device before the first try, sent in the order given,
 * retried until the server has them, and not applied once the person has cancelled them.
 *
 * Theory. A change that was not tried is cancelled by removing it. If it was tried and no answer came, the server may have
 * it: cancelling then adds its opposite (`undo`), which changes nothing if the change did not arrive. The opposite of a
 * message is its deletion. A deletion that was tried cannot be cancelled.
 *
 * `base_seq` guards an edit, but also changes with reactions. So after a conflict the message is read: if it has the text
 * the edit began from, the edit is tried again; if it has another text, the edit fails and keeps its own.
 */
import type { Core } from '../core.ts';
import type { ChatError } from '../errors.ts';
import type { Message, MessageId, RoomId } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { ChangesChat, CoreChat, MessageChange, PendingChange, PendingMessage, SendResult } from '../types.ts';
import { checkOnline, showResult } from './commands.ts';

type Edit = Extract<MessageChange, { type: 'edit_message' }>;
type View = ReturnType<ChangesChat['getTimeline']>;

/** A reaction may arrive between each read and the next try. */
const CONFLICT_TRIES = 3;

/** Adds `editMessage`, `deleteMessage`, `react`, and `changes` to the view of a room. Compose it after `withCommands`. */
export function withChanges(core: Core): ChangesChat & Pick<CoreChat, 'discard' | 'retry'> {
  const { flush, outbox, onStored, replica, routes, run, write } = core;
  const { getTimeline } = core.chat;
  const keep = keepIdentity<View>();

  routes.edit_message = 'PATCH /api/messages/{message_id}';
  routes.delete_message = 'DELETE /api/messages/{message_id}';
  routes.add_reaction = 'PUT /api/messages/{message_id}/reactions/{emoji}';
  routes.remove_reaction = 'DELETE /api/messages/{message_id}/reactions/{emoji}';

  // ── delivering ────────────────────────────────────────────────────────────────────────────

  async function ask(change: MessageChange): Promise<SendResult> {
    checkOnline(core);
    // The other members are this client's own.
    const { type, undo: _undo, bases: _bases, seq: _seq, ...fields } = change as Edit;
    const { method, result } = await run(type, fields, 1);
    return { method, message: result.message };
  }

  /** The current message of a refused edit. */
  async function read(roomId: RoomId, { message_id, seq }: Edit): Promise<Message | undefined> {
    if (!seq) return undefined;
    const { result } = await run('get_history', { room_id: roomId, around: seq, limit: 2 }, 1);
    const message = result.messages.find(({ id }) => id === message_id);
    if (message) showResult(core, message);
    return message;
  }

  core.deliverChange = async (change, roomId) => {
    for (let tries = 1; ; tries++) {
      try {
        const sent = await ask(change);
        showResult(core, sent.message);
        // A deleted message must not be offered again.
        if (sent.message.deleted) onStored.forEach((handle) => handle(sent.message));
        flush(sent.method);
        return sent;
      } catch (error) {
        if ((error as ChatError).code !== 'edit_conflict' || change.type !== 'edit_message') throw error;
        const now = await read(roomId, change);
        flush();
        if (!now || tries >= CONFLICT_TRIES || !change.bases.includes(now.content)) throw error;
        change = { ...change, base_seq: now.rev_seq };
      }
    }
  };

  // ── making and cancelling ─────────────────────────────────────────────────────────────────

  const add = (roomId: RoomId, change: MessageChange, content = ''): Promise<SendResult> =>
    write({ roomId, content, replyTo: null, change });

  const waiting = (roomId: RoomId, of: MessageId): readonly PendingChange[] =>
    outbox.changes(roomId).filter(({ change }) => change.message_id === of);

  function discard(id: MessageId): void {
    const item = outbox.get(id);
    outbox.discard(id);
    const change = item?.unsure && undoing(item);
    if (change) void add(item.roomId, change);
  }

  function retry(id: MessageId): void {
    const item = outbox.get(id);
    const { change, error } = item ?? {};
    if (item && change?.type === 'edit_message' && error?.code === 'edit_conflict') {
      // The person has seen the other text: replace it.
      const seen = replica.timeline(item.roomId)?.messages.find((message) => message.id === change.message_id);
      const { base_seq: _, ...edit } = change;
      return outbox.retry(id, seen ? { ...edit, bases: [seen.content], base_seq: seen.rev_seq } : edit);
    }
    outbox.retry(id);
  }

  return {
    async editMessage({ id, room_id, content: from, seq, rev_seq }, content) {
      if (outbox.alter(id, { content })) return undefined;
      const before = waiting(room_id, id).findLast(({ change }) => change.type === 'edit_message');
      let edit: Edit = { type: 'edit_message', message_id: id, content, bases: [from] };
      if (seq && rev_seq) edit = { ...edit, seq, base_seq: rev_seq };
      if (before && before.state !== 'failed') {
        const earlier = before.change as Edit;
        if (content === earlier.bases[0]) return discard(before.id);
        edit = { ...earlier, content };
        if (outbox.alter(before.id, { content, change: edit })) return undefined;
        // The earlier edit may have arrived: this one may replace its text too.
        edit = { ...edit, bases: [...earlier.bases, earlier.content] };
      }
      if (before) outbox.discard(before.id);
      return content === edit.bases[0] ? undefined : add(room_id, edit, content);
    },
    async deleteMessage({ id, room_id }) {
      if (outbox.get(id)) return discard(id);
      const before = waiting(room_id, id);
      if (before.some(({ change, state }) => change.type === 'delete_message' && state !== 'failed')) return undefined;
      for (const item of before) outbox.discard(item.id);
      return add(room_id, { type: 'delete_message', message_id: id });
    },
    async react({ id, room_id }, emoji, on) {
      const type = on ? 'add_reaction' : 'remove_reaction';
      const before = waiting(room_id, id).find(({ change }) => 'emoji' in change && change.emoji === emoji);
      if (!before) return add(room_id, { type, message_id: id, emoji });
      return before.change.type === type ? retry(before.id) : discard(before.id);
    },
    discard,
    retry,
    getTimeline: (roomId) => keep({ ...getTimeline(roomId), changes: outbox.changes(roomId) }, roomId),
  };
}

/** The change that undoes an item that may have arrived; null where there is none. */
function undoing({ id, content, change }: PendingMessage): MessageChange | null {
  const undo = true;
  if (!change) return { type: 'delete_message', message_id: id, undo };
  switch (change.type) {
    case 'edit_message':
      return { ...change, content: change.bases[0] as string, bases: [...change.bases, content], undo };
    case 'delete_message':
      return null;
    default:
      return { ...change, type: change.type === 'add_reaction' ? 'remove_reaction' : 'add_reaction', undo };
  }
}
