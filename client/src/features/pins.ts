/**
 * The pinned messages of a room: read when asked for, then kept as events change them.
 *
 * Theory. An event changes a pinned message that is held, if it is newer than that (`rev_seq`). A pin of a message that is not
 * held, a pin or unpin that arrives after a later event of its message, and an event of these messages while the pins are being
 * read, make them be read again: what was read may be older than the event. New messages change no pins.
 * There are at most 50, so reading them is cheap. After an outage events may be missing: they are read again as well.
 */
import type { Core } from '../core.ts';
import { changeMessage } from '../message.ts';
import type { Message, MessageId, RoomEvent, RoomId } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { CoreChat, CoreTimelineView } from '../types.ts';
import { checkOnline, showResult } from './commands.ts';

export interface PinsView {
  /** The newest pin first; null until they are loaded. */
  readonly pins: readonly Message[] | null;
}

export interface PinsChat {
  /**
   * Pins the message in its room, or unpins it. Doing so twice changes nothing.
   * @throws ChatError `invalid` where the room holds as many pins as it may, `offline` while no transport works.
   */
  pin(message: Pick<Message, 'id'>, on: boolean): Promise<unknown>;
  /** Loads `pins` of the room's view, and keeps them up to date until `closeRoom`. @throws ChatError */
  openPins(roomId: RoomId): Promise<void>;
  getTimeline(roomId: RoomId): CoreTimelineView & PinsView;
}

interface Held {
  pins: readonly Message[] | null;
  isLoading: boolean;
  /** A pin was set or removed since the read began. */
  isStale: boolean;
  /** The messages that changed otherwise since the read began. */
  readonly changed: Set<MessageId>;
}

/** Adds `pin`, `openPins`, and `pins` to the view of a room. */
export function withPins(core: Core): PinsChat & Pick<CoreChat, 'closeRoom'> {
  const { flush, onFrame, onRecovered, replica, routes, run, touch } = core;
  const { closeRoom, getTimeline } = core.chat;
  const keep = keepIdentity<CoreTimelineView & PinsView>();
  const rooms = new Map<RoomId, Held>();

  routes.pin_message = 'PUT /api/messages/{message_id}/pin';
  routes.unpin_message = 'DELETE /api/messages/{message_id}/pin';
  routes.get_pins = 'GET /api/rooms/{room_id}/pins';

  async function load(roomId: RoomId, held: Held): Promise<void> {
    held.isStale = true;
    if (held.isLoading) return;
    held.isLoading = true;
    try {
      while (held.isStale) {
        held.isStale = false;
        held.changed.clear();
        const { result } = await run('get_pins', { room_id: roomId });
        held.pins = result.messages;
        held.isStale ||= held.pins.some(({ id }) => held.changed.has(id));
      }
    } finally {
      held.isLoading = false;
    }
    touch(roomId);
  }

  /** For nobody who waits: where it fails, the pins stay as they are until the next event or recovery. */
  function reload(roomId: RoomId, held: Held): void {
    load(roomId, held).catch(() => {});
  }

  function apply(held: Held, event: RoomEvent): void {
    if (!('message' in event || 'message_id' in event) || event.type === 'message_created') return;
    const id = 'message' in event ? event.message.id : event.message_id;
    const known = held.pins?.find((message) => message.id === id);
    const isPin = event.type === 'message_pinned';
    const movesPin = isPin || event.type === 'message_unpinned';
    if (held.isLoading) held.changed.add(id);
    held.isStale ||= movesPin;
    // A later event of the message was applied before this one: whether it is pinned now, only the server knows.
    if (movesPin && (known ? event.seq <= known.rev_seq : isPin)) return reload(event.room_id, held);
    if (!known || !held.pins) return;
    held.pins = held.pins
      .map((message) => (message.id === id && event.seq > message.rev_seq ? changeMessage(message, event) : message))
      .filter(({ pinned }) => pinned);
    touch(event.room_id);
  }

  onFrame.push((frame) => {
    if (frame.type === 'hello' && replica.isOther(frame.user)) rooms.clear();
    if (frame.type === 'room_removed') rooms.delete(frame.room_id);
    const held = 'room_id' in frame && rooms.get(frame.room_id);
    if (held && 'at' in frame) apply(held, frame);
  });
  onRecovered.push(() => rooms.forEach((held, roomId) => reload(roomId, held)));

  return {
    async pin({ id }, on) {
      checkOnline(core);
      const { method, result } = await run(on ? 'pin_message' : 'unpin_message', { message_id: id });
      showResult(core, result.message);
      flush(method);
    },
    async openPins(roomId) {
      const held = rooms.get(roomId) ?? { pins: null, isLoading: false, isStale: false, changed: new Set() };
      rooms.set(roomId, held);
      await load(roomId, held);
    },
    closeRoom(roomId) {
      rooms.delete(roomId);
      closeRoom(roomId);
    },
    getTimeline: (roomId) => keep({ ...getTimeline(roomId), pins: rooms.get(roomId)?.pins ?? null }, roomId),
  };
}
