/** A replica that has received `hello` and the list of its rooms. */
import type { Room, ServerFrame, ServerHello } from '../src/protocol.ts';
import { createReplica, type Replica } from '../src/replica.ts';
import { FakeClock, MemoryServer } from '../src/testing/index.ts';
import { applyPage, beginLoad, EMPTY } from '../src/timeline.ts';
import { message, row, user } from './make.ts';

export const ME = 1;
const { limits } = new MemoryServer(new FakeClock(), ['me']).hello(user(ME));

export const hello = (epoch = 'e1', id = ME): ServerHello => ({
  type: 'hello',
  protocol: 1,
  session: 's',
  user: user(id),
  epoch,
  heartbeat_s: 30,
  user_version: 5,
  limits,
  server: { version: '1' },
});

export const list = (rooms: readonly Room[], user_version = 5, epoch = 'e1'): ServerFrame => ({
  type: 'room_list',
  rooms,
  timestamp: '',
  user_version,
  epoch,
});

/** @param prepare is called before it receives anything. */
export function replicaOf(rooms: readonly Room[], prepare: (made: Replica) => void = () => undefined): Replica {
  const made = createReplica([]);
  prepare(made);
  receive(made, hello(), list(rooms.length > 0 ? rooms : [row()]));
  made.takeNeeds();
  return made;
}

export const receive = (r: Replica, ...frames: ServerFrame[]): void => frames.forEach((frame) => r.receive(frame));

const initial = { kind: 'initial' } as const;

/** Room 1 is held up to message 10. */
export const hold = (r: Replica): void =>
  r.setTimeline(
    1,
    applyPage(beginLoad(EMPTY, initial), initial, { messages: [message(10)], as_of_seq: 10, has_more: false }, true),
  );
