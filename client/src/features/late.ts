/**
 * A feature whose code is loaded after the chat was made, for apps that show something before they need it.
 *
 * Theory. A feature sees frames (`onFrame`) and wraps what is there (`rooms.rules`, methods of the chat). The second can be done at any
 * time; the first cannot, because frames pass once. So a note taker is composed in with the chat: it keeps the frames that the feature
 * wants, in their order, and hands them over when the feature comes. From then on the feature is what it would be had it been there from
 * the start. Rows of the room list are as of an event, and are fetched again where a wanted frame passed.
 *
 * Bounded: beyond `KEPT` frames the oldest are dropped, and their rooms are read again instead.
 */
import type { Core, Feature } from '../core.ts';
import type { RoomId, ServerFrame } from '../protocol.ts';

/** More than passes while a chunk is fetched; where it cannot be fetched, few frames come. */
export const KEPT = 1_000;

export interface Later {
  /** Goes into `createChat` in place of the feature. */
  readonly feature: Feature<object>;
  /**
   * Composes the feature in, after all others; call it once. Its methods replace those of the chat.
   *
   * @throws Error if `feature` is in no chat, or if called again.
   */
  compose<Api extends object>(feature: Feature<Api>): Api;
}

/** @param wants the frames without which the feature would be wrong. */
export function later(wants: (frame: ServerFrame) => boolean): Later {
  let core: Core | null = null;
  let kept: ServerFrame[] = [];
  const dropped = new Set<RoomId>();

  function forget(): void {
    kept = [];
    dropped.clear();
  }

  function note(frame: ServerFrame): void {
    // What is held of another user or log is read again by the core.
    const { replica } = core as Core;
    if (frame.type === 'hello' && (replica.isOther(frame.user) || frame.epoch !== replica.epoch)) forget();
    if (!wants(frame)) return;
    kept.push(frame);
    const oldest = kept.length > KEPT && kept.shift();
    if (oldest && 'room_id' in oldest) dropped.add(oldest.room_id);
  }

  return {
    feature(given) {
      core = given;
      given.onFrame.push(note);
      return {};
    },
    compose(feature) {
      const { chat, history, onFrame, refreshSoon, replica, touch } = core ?? missing();
      const at = onFrame.indexOf(note);
      if (at < 0) throw new Error('The feature is composed in already.');
      onFrame.splice(at, 1);
      const before = onFrame.length;
      const api = feature(core as Core);
      Object.assign(chat, api);
      const added = onFrame.slice(before);
      for (const frame of kept) added.forEach((receive) => receive(frame));
      if (kept[0]) refreshSoon();
      for (const roomId of dropped) if (replica.timeline(roomId)) void history.reload(roomId);
      forget();
      replica.rooms.list.forEach(({ id }) => touch(id));
      return api;
    },
  };
}

function missing(): never {
  throw new Error('Compose `feature` into a chat first.');
}
