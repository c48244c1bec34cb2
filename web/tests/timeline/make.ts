import type { Message, PendingMessage, TimelineView, User } from '@backchannel/client';

export const ann: User = { id: 1, username: 'ann', display_name: 'Ann' };
export const bob: User = { id: 2, username: 'bob', display_name: 'Bob' };

/** Noon of a Monday in the local time zone. */
export const NOON = new Date(2026, 2, 2, 12).getTime();
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

export function message(seq: number, sender: User, at = NOON + seq * MINUTE, more: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    room_id: 1,
    seq,
    rev_seq: seq,
    sender,
    content: `text ${seq}`,
    reply_to: null,
    created_at: new Date(at).toISOString(),
    edited_at: null,
    deleted: false,
    reactions: [],
    attachments: [],
    mentions: [],
    pinned: false,
    thread: null,
    in_room: false,
    thread_summary: null,
    ...more,
  };
}

export function pending(id: string, at: number, more: Partial<PendingMessage> = {}): PendingMessage {
  return {
    id,
    roomId: 1,
    roomName: 'room',
    content: id,
    replyTo: null,
    attachments: [],
    createdAt: at,
    state: 'queued',
    error: null,
    change: null,
    unsure: false,
    ...more,
  };
}

export function view(messages: readonly Message[], more: Partial<TimelineView> = {}): TimelineView {
  return {
    roomId: 1,
    messages,
    pending: [],
    changes: [],
    hasOlder: true,
    hasNewer: false,
    loading: null,
    error: null,
    firstUnreadSeq: null,
    ...more,
  };
}
