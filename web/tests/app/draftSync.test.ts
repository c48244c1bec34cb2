import { memoryStorage } from '@backchannel/client';
import { createFullChat } from '@backchannel/client/full';
import { FakeClock, MemoryNetwork, MemoryServer } from '@backchannel/client/testing';
import { describe, expect, it } from 'vitest';
import { createDrafts, type DraftStorage } from '../../src/app/drafts.ts';
import { createLateFeatures } from '../../src/app/lateFeatures.ts';
import { startDraftSync } from '../../src/features/composer/draftSync.ts';

const ANN = 1;
const BOB = 2;
const SAVED_MS = 5_000;

/** The storage of one device. */
class Disk implements DraftStorage {
  readonly held = new Map<string, string>();
  get length(): number {
    return this.held.size;
  }
  key = (index: number) => [...this.held.keys()][index] ?? null;
  getItem = (key: string) => this.held.get(key) ?? null;
  setItem = (key: string, value: string) => void this.held.set(key, value);
  removeItem = (key: string) => void this.held.delete(key);
}

async function device(server: MemoryServer, clock: FakeClock, disk = new Disk()) {
  const late = createLateFeatures();
  const chat = createFullChat(
    {
      client: { name: 'test', version: '1' },
      baseUrl: 'http://memory',
      ...pick(new MemoryNetwork(server, ANN)),
      storage: memoryStorage(),
      clock,
      random: () => 0.5,
    },
    late.feature,
  );
  late.keepFor(chat);
  const drafts = createDrafts(ANN, disk);
  const link = startDraftSync(chat, drafts, ANN, disk);
  drafts.link.set(link);
  chat.connect();
  await clock.advance(SAVED_MS);
  return { chat, disk, drafts, link, text: () => drafts.get(1).text };
}

function pick({ fetch, WebSocket }: MemoryNetwork) {
  return { fetch, WebSocket };
}

async function world() {
  const clock = new FakeClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB]);
  return { clock, server, phone: await device(server, clock), desk: await device(server, clock) };
}

const typed = (text: string) => ({ text, replyTo: null });

describe('drafts on all devices', () => {
  it('are shown with their reply reference, and gone with the message', async () => {
    const { clock, desk, phone, server } = await world();
    const { id } = server.post(1, BOB, 'Lunch **today**?');
    await clock.advance(SAVED_MS);
    phone.drafts.set(1, { text: 'Yes', replyTo: { id, seq: 1, name: 'bob', excerpt: 'Lunch today?' } });
    await clock.advance(SAVED_MS);
    expect(desk.drafts.get(1)).toMatchObject({ text: 'Yes', replyTo: { id, name: 'bob', excerpt: 'Lunch today?' } });
    const inThread = desk.link.sending(1);
    desk.drafts.set(1, typed(''));
    desk.link.sent(1, desk.chat.sendChatMessage(1, 'Yes', id, { inThread }));
    await clock.advance(SAVED_MS);
    expect([phone.text(), desk.text(), server.drafts.of(ANN)[0]?.content]).toEqual(['', '', '']);
  });

  it('of before are saved when this comes, and what another device has is shown', async () => {
    const { clock, desk, server } = await world();
    desk.drafts.set(1, typed('From the desk'));
    await clock.advance(SAVED_MS);
    const disk = new Disk();
    const tablet = await device(server, clock, disk);
    expect(tablet.text()).toBe('From the desk');
    const old = new Disk();
    createDrafts(ANN, old).set(1, typed('Typed long ago'));
    const laptop = await device(server, clock, old);
    expect([laptop.text(), laptop.link.choices.get()[1]?.content]).toEqual(['Typed long ago', 'From the desk']);
    laptop.link.choose(1, null, 'other');
    await clock.advance(SAVED_MS);
    expect([laptop.text(), laptop.link.choices.get()]).toEqual(['From the desk', {}]);
  });

  it('of threads are kept beside those of their rooms', async () => {
    const { clock, desk, phone, server } = await world();
    const { id: root } = server.post(1, BOB, 'Lunch?');
    await clock.advance(SAVED_MS);
    phone.drafts.setReply(1, root, typed('In the thread'));
    phone.drafts.set(1, typed('In the room'));
    await clock.advance(SAVED_MS);
    expect([desk.text(), desk.drafts.replies.get()[root]?.text]).toEqual(['In the room', 'In the thread']);
    const inThread = desk.link.sending(1, root);
    desk.drafts.setReply(1, root, typed(''));
    desk.link.sent(1, desk.chat.sendChatMessage(1, 'In the thread', null, { inThread }), root);
    await clock.advance(SAVED_MS);
    expect([phone.text(), phone.drafts.replies.get()]).toEqual(['In the room', {}]);
    expect(server.drafts.of(ANN).map(({ content, thread }) => [content, thread])).toEqual([
      ['In the room', null],
      ['', root],
    ]);
  });

  it('of a thread that both devices wrote are a choice there alone', async () => {
    const { clock, desk, phone, server } = await world();
    const { id: root } = server.post(1, BOB, 'Lunch?');
    await clock.advance(SAVED_MS);
    phone.drafts.setReply(1, root, typed('From the phone'));
    desk.drafts.setReply(1, root, typed('From the desk'));
    await clock.advance(SAVED_MS);
    const chosen = [phone, desk].find(({ link }) => link.choices.get()[root]);
    expect(Object.keys(chosen?.link.choices.get() ?? {})).toEqual([root]);
    chosen?.link.choose(1, root, 'other');
    await clock.advance(SAVED_MS);
    const texts = [phone, desk].map(({ drafts }) => drafts.replies.get()[root]?.text);
    expect(texts[0]).toBe(texts[1]);
    expect(chosen?.link.choices.get()).toEqual({});
  });

  it('stay on the other devices when the user signs out of one', async () => {
    const { clock, desk, phone } = await world();
    phone.drafts.set(1, typed('Kept'));
    await clock.advance(SAVED_MS);
    phone.drafts.clear();
    await clock.advance(SAVED_MS);
    expect([phone.disk.held.size, phone.text(), desk.text()]).toEqual([0, '', 'Kept']);
  });

  it('are taken for unknown where what is stored of them cannot be read', async () => {
    const { clock, desk, phone, server } = await world();
    phone.drafts.set(1, typed('Kept'));
    await clock.advance(SAVED_MS);
    phone.link.forget();
    phone.disk.setItem('backchannel.draft-known.1.1', '{"rev": "x"');
    const again = await device(server, clock, phone.disk);
    expect([again.text(), desk.text(), again.link.choices.get()]).toEqual(['Kept', 'Kept', {}]);
  });
});
