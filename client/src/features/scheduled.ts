/**
 * Messages that the server sends later.
 *
 * Theory. The list is the server's; frames keep it up to date by id and rev, and it is read again after each room list, since frames
 * may have been lost. A new message has its id before the first try, so that scheduling twice is scheduling once. Scheduling needs a
 * connection: a message that waited here for one could miss its time unnoticed.
 *
 * Not in the core: composed in, also late, by apps that schedule messages.
 */
import type { Core } from '../core.ts';
import { ChatError } from '../errors.ts';
import type { CommandFields, MessageId, RoomId, Scheduled } from '../protocol.ts';
import { uuidv7 } from '../uuid.ts';
import { checkOnline } from './commands.ts';

export interface ScheduleOptions {
  /** Of the message. A caller who saw no answer gives the same one again, so that it is scheduled once. */
  readonly id?: MessageId;
  readonly replyTo?: MessageId | null;
  readonly attachments?: readonly string[];
  readonly thread?: MessageId | null;
  readonly inRoom?: boolean;
  /** The version of the draft that it was written in; see `DraftsChat.sending`. */
  readonly draft_rev?: number;
}

export interface ScheduledChat {
  /**
   * @throws ChatError `invalid` where the time has passed or is too far ahead, `quota_exceeded`, `offline` while no transport works;
   * `schedule_conflict` or `already_sent` where `id` was scheduled before with other words or another time.
   */
  scheduleMessage(roomId: RoomId, content: string, at: Date, options?: ScheduleOptions): Promise<Scheduled>;
  /** Changes the text or the time. @throws ChatError `already_sent`, `schedule_conflict` where another device changed it. */
  changeScheduled(message: Scheduled, to: { readonly content?: string; readonly at?: Date }): Promise<Scheduled>;
  /** Sends it now, by the server's clock; resolves when that is ordered. @throws ChatError `schedule_conflict` */
  sendScheduled(message: Scheduled): Promise<void>;
  /** @throws ChatError `already_sent` */
  cancelScheduled(id: MessageId): Promise<void>;
  /** Loads the list, and keeps it up to date from then on; after a failure the next recovery loads it. @throws ChatError */
  loadScheduled(): Promise<void>;
  /** What waits, and what could not be sent, the earliest first; null until it is loaded. The same array until it changes. `subscribe`
   * reports changes. */
  getScheduled(): readonly Scheduled[] | null;
}

/** Has passed by every clock, so that the server sends at once. */
const PASSED = new Date(0);

/** Adds scheduled messages. */
export function withScheduled(core: Core): ScheduledChat {
  const { env, onFrame, onRecovered, replica, routes, run, touch } = core;
  let list: readonly Scheduled[] | null = null;
  /** Changes since the list was asked for: it may be older than they are. */
  const recent = new Map<MessageId, Scheduled>();
  let loading: Promise<void> | null = null;
  let isWanted = false;

  routes.schedule_message = 'PUT /api/scheduled/{id}';
  routes.get_scheduled = 'GET /api/scheduled';
  routes.cancel_scheduled = 'DELETE /api/scheduled/{id}';

  function apply(message: Scheduled): void {
    if (loading) recent.set(message.id, message);
    if (!list) return;
    const held = list.find(({ id }) => id === message.id);
    const isOver = message.state === 'sent' || message.state === 'cancelled';
    // Its last state has the rev of the one before.
    if (held && (held.rev > message.rev || (held.rev === message.rev && !isOver))) return;
    const others = list.filter(({ id }) => id !== message.id);
    list = isOver ? others : [...others, message].sort(byTime);
    touch();
  }

  function load(): Promise<void> {
    isWanted = true;
    loading ??= run('get_scheduled', {})
      .then(({ result }) => {
        list = result.scheduled;
      })
      .finally(() => {
        loading = null;
        recent.forEach(apply);
        recent.clear();
        touch();
      });
    return loading;
  }

  function reload(): void {
    if (isWanted) load().catch(() => {});
  }

  async function put(fields: CommandFields<'schedule_message'>): Promise<Scheduled> {
    checkOnline(core);
    const { result } = await run('schedule_message', fields);
    apply(result.scheduled);
    return result.scheduled;
  }

  function change(
    { id, room_id, reply_to, thread, in_room, attachments, rev, ...now }: Scheduled,
    to: { readonly content?: string; readonly at?: Date },
  ): Promise<Scheduled> {
    return put({
      id,
      room_id,
      at: to.at?.toISOString() ?? now.at,
      content: to.content ?? now.content,
      base_rev: rev,
      ...(reply_to && { reply_to }),
      ...(attachments && { attachments }),
      ...(thread && { thread, in_room: in_room ?? false }),
    });
  }

  function remove(id: MessageId): void {
    if (!list?.some((held) => held.id === id)) return;
    list = list.filter((held) => held.id !== id);
    touch();
  }

  onFrame.push((frame) => {
    if (frame.type === 'hello' && replica.isOther(frame.user)) list = null;
    if (frame.type === 'scheduled') apply(frame.scheduled);
    if (frame.type === 'room_list') reload();
  });
  onRecovered.push(reload);

  return {
    scheduleMessage(
      roomId,
      content,
      at,
      { id = uuidv7(env.clock.now()), replyTo, attachments = [], thread, inRoom = false, draft_rev } = {},
    ) {
      return put({
        id,
        at: at.toISOString(),
        room_id: roomId,
        content,
        base_rev: 0,
        ...(replyTo && { reply_to: replyTo }),
        ...(attachments.length > 0 && { attachments }),
        ...(thread && { thread, in_room: inRoom }),
        ...(draft_rev !== undefined && { draft_rev }),
      });
    },
    changeScheduled: change,
    async sendScheduled(message) {
      try {
        await change(message, { at: PASSED });
      } catch (error) {
        // By its own time, or by an order whose answer was lost.
        if (!(error instanceof ChatError) || error.code !== 'already_sent') throw error;
        remove(message.id);
      }
    },
    async cancelScheduled(id) {
      checkOnline(core);
      try {
        apply((await run('cancel_scheduled', { id })).result.scheduled);
      } catch (error) {
        // Not there: cancelled long ago.
        if (!(error instanceof ChatError) || error.code !== 'scheduled_not_found') throw error;
        remove(id);
      }
    },
    loadScheduled: load,
    getScheduled: () => list,
  };
}

function byTime(one: Scheduled, two: Scheduled): number {
  return Date.parse(one.at) - Date.parse(two.at) || (one.id < two.id ? -1 : 1);
}
