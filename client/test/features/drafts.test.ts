import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import {
  type DraftPlace,
  type DraftStore,
  type DraftText,
  type KnownDraft,
  NO_TEXT,
  withDrafts,
} from '../../src/features/drafts.ts';
import { textOf } from '../../src/features/draftMerge.ts';
import { type FakeClock, MemoryNetwork, type MemoryServer } from '../../src/testing/index.ts';
import { ANN, annAndBob, live, optionsOn } from '../world.ts';

const ROOM: DraftPlace = { roomId: 1, thread: null };
const SAVED_MS = 5_000;

/** A device's own store, which outlives its chat. */
class Texts implements DraftStore {
  readonly texts = new Map<string, DraftText>();
  readonly all = new Map<string, KnownDraft>();
  places = () => [ROOM];
  text = (place: DraftPlace) => this.texts.get(JSON.stringify(place)) ?? NO_TEXT;
  known = (place: DraftPlace) => this.all.get(JSON.stringify(place)) ?? null;
  show: DraftStore['show'] = (place, draft) => void this.texts.set(JSON.stringify(place), textOf(draft));
  keep: DraftStore['keep'] = (place, known) => void this.all.set(JSON.stringify(place), known);
}

async function device(
  server: MemoryServer,
  clock: FakeClock,
  store = new Texts(),
  network = new MemoryNetwork(server, ANN),
) {
  const chat = createChat(optionsOn(network), withDrafts(store));
  await live(chat, clock);
  const set = (content: string) => {
    store.texts.set(JSON.stringify(ROOM), { ...NO_TEXT, content });
    chat.typed(ROOM);
  };
  return {
    chat,
    store,
    network,
    type: set,
    get text() {
      return store.text(ROOM).content;
    },
    get other() {
      return store.known(ROOM)?.other?.content ?? null;
    },
    /** As the composer does. */
    send() {
      const inThread = chat.sending(ROOM);
      const sent = chat.sendChatMessage(1, store.text(ROOM).content, null, { inThread });
      store.texts.set(JSON.stringify(ROOM), NO_TEXT);
      chat.sent(ROOM, sent);
      sent.catch(() => undefined);
    },
    /** The app is closed; what it kept stays. */
    async close() {
      chat.closeDrafts();
      await chat.disconnect();
    },
  };
}

function offline(network: MemoryNetwork, is: boolean): void {
  network.sockets = is ? 'refused' : 'none';
  network.http = is ? 'down' : 'none';
  if (is) network.closeAll(1006);
}

async function two() {
  const { clock, server } = annAndBob();
  const [phone, desk] = [await device(server, clock), await device(server, clock)];
  const stored = () => server.drafts.of(ANN).map(({ content }) => content);
  return { clock, server, phone, desk, stored };
}

describe('drafts', () => {
  it('appear on the other device shortly after the last key', async () => {
    const { clock, phone, desk, stored } = await two();
    phone.type('H');
    await clock.advance(500);
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    expect([desk.text, stored()]).toEqual(['Hello', ['Hello']]);
    expect(phone.network.said.filter(({ type }) => type === 'save_draft')).toHaveLength(1);
  });

  it('are gone everywhere once they are sent', async () => {
    const { clock, phone, desk, stored } = await two();
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    desk.send();
    await clock.advance(SAVED_MS);
    expect([phone.text, desk.text, stored()]).toEqual(['', '', ['']]);
  });

  it('do not come back by a save that was under way when they were sent', async () => {
    const { clock, server, phone, desk, stored } = await two();
    phone.type('Hello');
    await clock.advance(2_000); // the save leaves now
    phone.send();
    await clock.advance(SAVED_MS);
    expect([phone.text, desk.text, stored()]).toEqual(['', '', ['']]);
    expect(server.rooms.get(1)?.messages.size).toBe(1);
  });

  it('do not come back from a device that was offline while they were sent', async () => {
    const { clock, phone, desk, server, stored } = await two();
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    await phone.close();
    desk.send();
    await clock.advance(SAVED_MS);
    const again = await device(server, clock, phone.store);
    await clock.advance(SAVED_MS);
    expect([again.text, again.other, stored()]).toEqual(['', null, ['']]);
  });

  it('keep what was typed offline after the same draft was sent elsewhere', async () => {
    const { clock, phone, desk, server, stored } = await two();
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    await phone.close();
    phone.store.texts.set(JSON.stringify(ROOM), { ...NO_TEXT, content: 'Something else' });
    desk.send();
    await clock.advance(SAVED_MS);
    const again = await device(server, clock, phone.store);
    await clock.advance(SAVED_MS);
    expect([again.text, desk.text, stored()]).toEqual(['Something else', 'Something else', ['Something else']]);
  });

  it('offer the other version where both were typed, and save nothing until one is chosen', async () => {
    const { clock, phone, desk, server, stored } = await two();
    await phone.close();
    phone.store.texts.set(JSON.stringify(ROOM), { ...NO_TEXT, content: 'On the phone' });
    desk.type('On the desk');
    await clock.advance(SAVED_MS);
    const again = await device(server, clock, phone.store);
    await clock.advance(SAVED_MS);
    expect([again.text, again.other, desk.text, stored()]).toEqual([
      'On the phone',
      'On the desk',
      'On the desk',
      ['On the desk'],
    ]);
    again.chat.choose(ROOM, 'mine');
    await clock.advance(SAVED_MS);
    expect([again.text, again.other, desk.text, stored()]).toEqual([
      'On the phone',
      null,
      'On the phone',
      ['On the phone'],
    ]);
  });

  it('show the other version where it is chosen', async () => {
    const { clock, phone, desk } = await two();
    phone.type('On the phone');
    desk.type('On the desk');
    await clock.advance(SAVED_MS);
    const [chooser, winner] = phone.other === null ? [desk, phone] : [phone, desk];
    chooser.chat.choose(ROOM, 'other');
    await clock.advance(SAVED_MS);
    expect([chooser.text, chooser.other, winner.other]).toEqual([winner.text, null, null]);
  });

  it('keep the other version where one was sent instead of chosen, and show it then', async () => {
    const { clock, phone, desk, server, stored } = await two();
    await phone.close();
    phone.store.texts.set(JSON.stringify(ROOM), { ...NO_TEXT, content: 'On the phone' });
    desk.type('On the desk');
    await clock.advance(SAVED_MS);
    const again = await device(server, clock, phone.store);
    await clock.advance(SAVED_MS);
    again.send();
    again.chat.typed(ROOM);
    await clock.advance(SAVED_MS);
    expect([again.text, again.other, desk.text, stored()]).toEqual([
      'On the desk',
      null,
      'On the desk',
      ['On the desk'],
    ]);
    expect(server.rooms.get(1)?.messages.size).toBe(1);
  });

  it('stay on the server until the message has arrived', async () => {
    const { clock, phone, server, stored } = await two();
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    offline(phone.network, true);
    await clock.advance(SAVED_MS);
    phone.send();
    await clock.advance(SAVED_MS);
    expect([phone.text, stored()]).toEqual(['', ['Hello']]);
    offline(phone.network, false);
    await clock.advance(60_000);
    expect([phone.text, stored(), server.rooms.get(1)?.messages.size]).toEqual(['', [''], 1]);
  });

  it('are gone with the message itself, also where the device ends right after it', async () => {
    const { clock, phone, desk, stored } = await two();
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    phone.send();
    await clock.advance(500);
    await phone.close();
    await clock.advance(SAVED_MS);
    expect([desk.text, stored()]).toEqual(['', ['']]);
  });

  it('are not cleared by the empty composer while the message is under way', async () => {
    const { clock, phone, stored } = await two();
    phone.type('Hello');
    await clock.advance(SAVED_MS);
    phone.network.latency_ms = 4_000;
    phone.send();
    phone.chat.typed(ROOM);
    await clock.advance(3_000);
    expect(stored()).toEqual(['Hello']);
    await clock.advance(60_000);
    expect(stored()).toEqual(['']);
    const saved = phone.network.said.filter(({ type, content }) => type === 'save_draft' && content === '');
    expect(saved).toEqual([]);
  });

  it('do not come back from a device that got no answer to its save', async () => {
    const { clock, phone, desk, stored } = await two();
    phone.network.sockets = 'refused';
    phone.network.http = 'lost';
    phone.network.closeAll(1006);
    phone.type('Hello');
    await clock.advance(60_000);
    expect([desk.text, phone.store.known(ROOM)?.rev ?? 0]).toEqual(['Hello', 0]);
    desk.send();
    await clock.advance(SAVED_MS);
    offline(phone.network, false);
    await clock.advance(120_000);
    expect([phone.text, phone.other, stored()]).toEqual(['', null, ['']]);
  });

  it('go on from what was saved without an answer, when more was typed since', async () => {
    const { clock, phone, desk, stored } = await two();
    phone.network.sockets = 'refused';
    phone.network.http = 'lost';
    phone.network.closeAll(1006);
    phone.type('Hello');
    await clock.advance(60_000);
    phone.type('Hello, all');
    offline(phone.network, false);
    await clock.advance(120_000);
    expect([phone.text, phone.other, desk.text, stored()]).toEqual(['Hello, all', null, 'Hello, all', ['Hello, all']]);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'converge on three devices with faults, seed %i',
    async (seed) => {
      const random = randomFrom(seed);
      const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
      const { clock, server } = annAndBob();
      const devices = [await device(server, clock), await device(server, clock), await device(server, clock)];
      const sent = new Set<string>();
      for (let step = 0; step < 40; step++) {
        const one = pick(devices);
        switch (Math.floor(random() * 5)) {
          case 0:
            one.type(`text ${step}`);
            break;
          case 1:
            if (one.text) sent.add(one.text);
            if (one.text) one.send();
            break;
          case 2:
            one.network.http = pick(['none', 'down', 'lost']);
            one.network.sockets = pick(['none', 'refused', 'deaf', 'mute']);
            if (random() < 0.5) one.network.closeAll(1006);
            break;
          case 3:
            if (one.other !== null) one.chat.choose(ROOM, random() < 0.5 ? 'mine' : 'other');
            break;
          default:
            await clock.advance(random() * 4_000);
        }
      }
      for (const { network } of devices) {
        network.closeAll(1006);
        offline(network, false);
      }
      await clock.advance(120_000);
      for (let round = 0; round < 4; round++) {
        for (const { chat } of devices) chat.choose(ROOM, 'mine');
        await clock.advance(30_000);
      }
      const stored = server.drafts.of(ANN)[0]?.content ?? '';
      expect(devices.map(({ text, other }) => [text, other])).toEqual(devices.map(() => [stored, null]));
      const messages = [...(server.rooms.get(1)?.messages.values() ?? [])].map(({ content }) => content);
      expect(new Set(messages)).toEqual(sent);
      expect(sent.has(stored)).toBe(false);
    },
  );
});

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
