import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../src/protocol.ts';
import { Relay } from '../../src/tabs/relay.ts';
import { created } from '../make.ts';

const parse = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
const wire = (relay: Relay, tab: string | null, frame: object): Record<string, unknown> => {
  const sent = relay.outgoing(tab, JSON.stringify(frame));
  if (!('wire' in sent)) throw new Error('not for the server');
  return JSON.parse(sent.wire) as Record<string, unknown>;
};
const receive = (relay: Relay, frames: object | readonly object[]) => relay.incoming(JSON.stringify(frames));
const ack = (id: string, result: object = {}): object => ({ type: 'ack', id, result });

describe('frames of a tab', () => {
  it('keep the id of a message; other commands of followers get a new id', () => {
    const relay = new Relay();
    expect(wire(relay, 'b', { type: 'send_message', id: 'm1', room_id: 1 })).toMatchObject({ id: 'm1' });
    expect(wire(relay, null, { type: 'get_room', id: 'c1' })).toMatchObject({ id: 'c1' });
    const names = ['b', 'c'].map((tab) => wire(relay, tab, { type: 'get_room', id: 'c1', room_id: 7 }));
    expect(new Set(names.map(({ id }) => id)).size).toBe(2);
    expect(names[0]).toMatchObject({ type: 'get_room', room_id: 7 });
    expect(names.map(({ id }) => id)).not.toContain('c1');
  });

  it('presence is answered and not sent', () => {
    const sent = new Relay().outgoing(
      'b',
      JSON.stringify({ type: 'set_presence', id: 'c3', state: 'away', instance: 'i' }),
    );
    expect(sent).toEqual({ presence: 'away', answer: JSON.stringify(ack('c3')) });
  });
});

describe('frames of the server', () => {
  it('an answer goes to the tab that asked, with the id it used', () => {
    const relay = new Relay();
    wire(relay, null, { type: 'get_room', id: 'c1' });
    const { id } = wire(relay, 'b', { type: 'get_room', id: 'c1' });
    const routed = receive(relay, [ack('c1', { n: 1 }), ack(id as string, { n: 2 })]);
    expect(parse(routed.own)).toEqual([ack('c1', { n: 1 })]);
    expect(routed.answers.map(([tab, text]) => [tab, parse(text)])).toEqual([['b', ack('c1', { n: 2 })]]);
    expect(routed.all).toBeNull();
  });

  it('a message that two tabs sent at once is acknowledged to both', () => {
    const relay = new Relay();
    wire(relay, null, { type: 'send_message', id: 'm1' });
    wire(relay, 'b', { type: 'send_message', id: 'm1' });
    const routed = receive(relay, ack('m1'));
    expect(parse(routed.own)).toEqual(ack('m1'));
    expect(routed.answers.map(([tab]) => tab)).toEqual(['b']);
  });

  it('events, unrequested lists and the heartbeat go to all, unchanged', () => {
    const relay = new Relay();
    const ping: ServerFrame = { type: 'ping', timestamp: '', heads: {}, user_version: 1 };
    const text = JSON.stringify([created(1), ping, { type: 'something_new' }]);
    expect(relay.incoming(text)).toEqual({ own: text, all: text, answers: [] });
  });

  it('hello, caught_up and errors without a command are for the leader alone', () => {
    const relay = new Relay();
    const routed = receive(relay, [{ type: 'caught_up' }, { type: 'error', error: { code: 'bad_frame' } }]);
    expect(routed.all).toBeNull();
  });

  it('pongs are given out in the order of the pings', () => {
    const relay = new Relay();
    wire(relay, 'b', { type: 'ping' });
    wire(relay, null, { type: 'ping' });
    const pong = { type: 'pong', timestamp: '' };
    expect(receive(relay, pong)).toMatchObject({ own: null, answers: [['b', JSON.stringify(pong)]] });
    expect(receive(relay, pong)).toMatchObject({ own: JSON.stringify(pong), answers: [] });
  });

  it('is proven by a pong after the catch-up, not before', () => {
    const relay = new Relay();
    receive(relay, { type: 'pong', timestamp: '' });
    expect(relay.proven).toBe(false);
    receive(relay, { type: 'caught_up' });
    receive(relay, { type: 'pong', timestamp: '' });
    expect(relay.proven).toBe(true);
  });

  it('records who is present', () => {
    const relay = new Relay();
    const presence = (user_id: number, state: string): object => ({ type: 'presence', user_id, state });
    receive(relay, [presence(2, 'online'), presence(3, 'away'), presence(2, 'offline')]);
    expect(relay.presence).toEqual([presence(3, 'away')]);
  });

  it("an invalid frame is left to the leader's client", () => {
    const relay = new Relay();
    expect(relay.incoming('{')).toEqual({ own: '{', all: null, answers: [] });
    expect(receive(relay, { no: 'type' })).toMatchObject({ all: null });
  });

  it('finds the tab of the largest frame without an answer', () => {
    const relay = new Relay();
    expect(relay.largest()).toBeUndefined();
    wire(relay, null, { type: 'send_message', id: 'm1', content: 'short' });
    wire(relay, 'b', { type: 'send_message', id: 'm2', content: 'much longer than that' });
    expect(relay.largest()).toBe('b');
    receive(relay, ack('m2'));
    expect(relay.largest()).toBeNull();
  });
});
