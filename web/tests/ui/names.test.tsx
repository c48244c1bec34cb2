import type { Message, Room, User } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-react';
import { roomLabel, roomTitle } from '../../src/app/roomNames.ts';
import { noticesBetween } from '../../src/features/notifications/notices.ts';
import { typingText } from '../../src/features/timeline/TypingRow.tsx';
import { initials } from '../../src/ui/Avatar.tsx';
import { UserText, Name } from '../../src/ui/Name.tsx';
import { cleanName, truncate, isolated, nameOf, firstNameInText, nameInText, endSentence } from '../../src/ui/names.ts';
import { ANN, BOB, world } from '../app/world.tsx';

const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066\u2067]/;
const person = (display_name: string, username = 'eve'): User => ({ id: 7, username, display_name });

describe('a name', () => {
  it.each([
    ['Eve\u202e', 'Eve'],
    ['\u2067Eve\u2069', 'Eve'],
    ['E\u200bv\u2060e\ufeff', 'Eve'],
    ['So\u00adphie', 'Sophie'],
    ['Eve\nis an\tadmin', 'Eve is an admin'],
    ['\u0000Eve\u007f', 'Eve'],
    [`a${'\u0301'.repeat(40)}`, `a${'\u0301'.repeat(4)}`],
    ['  Eve  ', 'Eve'],
    ['\u3164', ''],
    ['\u2800 \u200b', ''],
    // Characters that scripts and emoji need are kept.
    ['نیما\u200cپور', 'نیما\u200cپور'],
    ['👩\u200d👩\u200d👧', '👩\u200d👩\u200d👧'],
    ['Zoë Ångström', 'Zoë Ångström'],
    ['阿部 花子', '阿部 花子'],
  ])('%j is shown as %j', (given, shown) => expect(cleanName(given)).toBe(shown));

  it('without visible characters is replaced by the username', () => {
    expect(nameOf(person('\u200b\u3164'))).toBe('eve');
    expect(nameOf(person('', ''))).toBe('Someone');
  });

  it('does not change the direction of its sentence', () => {
    expect(nameInText(person('Eve\u202e'))).toBe('Eve');
    expect(nameInText(person('יעל'))).toBe('\u2068יעל\u2069');
    expect(typingText([firstNameInText(person('יעל כהן')), 'Bob'])).toBe('\u2068יעל\u2069 and Bob are typing');
    expect(isolated('\u2068יעל\u2069')).toBe('\u2068יעל\u2069');
  });

  it('is isolated in a <bdi> element', async () => {
    const { container } = await render(
      <p>
        <Name of={person('Eve\u202e')} /> is typing in <UserText>{'a\u202eb'}</UserText>
      </p>,
    );
    expect(container.querySelector('p')?.innerHTML).toBe('<bdi>Eve</bdi> is typing in <bdi>ab</bdi>');
    expect(getComputedStyle(container.querySelector('bdi') as HTMLElement).unicodeBidi).toBe('isolate');
  });

  it('has visible initials', () => expect(initials(nameOf(person('\u202e\u200beve smith')))).toBe('ES'));

  it('is not cut within a character, and a sentence gets only one full stop', () => {
    expect(truncate('ab👍', 3)).toBe('ab');
    expect(['Hi', 'Hi!', 'Hi…', 'Hi?\u2069'].map(endSentence)).toEqual(['Hi.', 'Hi!', 'Hi…', 'Hi?\u2069']);
  });
});

describe('rooms', () => {
  const room = (kind: Room['kind'], name: string | null, ...members: User[]) =>
    ({ kind, name, members }) as unknown as Room;
  it('are named by visible characters', () => {
    expect(roomLabel(room('channel', 'ge\u202eneral'), 1)).toBe('#general');
    expect(roomLabel(room('channel', 'כללי'), 1)).toBe('#\u2068כללי\u2069');
    expect(roomTitle(room('group', '\u200b', person('Eve\u202e'), person('יעל')), 1)).toBe('Eve, \u2068יעל\u2069');
    expect(roomTitle(room('direct', null, person('E\u202eve')), 1)).toBe('Eve');
  });

  it('of many people are named after the first of them', () => {
    const many = Array.from({ length: 1_000 }, (_each, id) => ({ ...person('x'.repeat(80)), id }));
    expect(roomTitle(room('group', null, ...many), -1).length).toBeLessThan(700);
  });
});

it('notifications change no text direction, neither in the title nor in the text', () => {
  const eve = person('Eve\u202e');
  const last = { id: 'm', sender: eve, content: '\u202ehello', timestamp: '2026-03-02T11:00:00Z' };
  const seen = { id: 1, kind: 'direct', name: null, unread_count: 0, last_message: null, members: [eve] };
  const before = { rooms: [seen], notifications: [], roomsLoaded: true, user: person('Ann', 'ann') };
  const me = { ...before.user, id: 1 };
  const now = { ...before, user: me, rooms: [{ ...seen, unread_count: 1, last_message: last }] };
  expect(noticesBetween({ ...before, user: me } as never, now as never, 0)).toEqual([
    { room: 1, path: '/rooms/1', title: 'Eve', text: 'hello', message: 'm' },
  ]);
});

/** Files that may read names unprocessed, and why. */
const RAW: Readonly<Record<string, string>> = {
  'ui/names.ts': 'cleans names',
  'ui/Name.tsx': 'isolates names',
  'features/timeline/markdown/linkHost.ts': 'the user name of an address',
  'app/roomNames.ts': 'cleans names',
  'app/RoomName.tsx': 'passes names to <UserText>',
  'app/App.tsx': 'isolates the name of the workspace for all below',
  'app/membershipChanges.ts': 'isolates names and compares topics',
  'app/directory.ts': 'compares names, and finds usernames in texts',
  'features/accounts/SignedOutScreens.tsx': 'isolates the name of the workspace for all below',
  'features/accounts/SetupScreen.tsx': 'fields of a form',
  'features/accounts/SignInScreen.tsx': 'fields of a form; the workspace is already isolated',
  'features/accounts/SignUpScreen.tsx': 'fields of a form; the workspace is already isolated',
  'features/composer/mentions.ts': 'types the username',
  'features/fleet/FallbackTab.tsx': 'cleans usernames',
  'features/fleet/Recorders.tsx': 'sends the username',
  'features/rooms/RoomDialogs.tsx': 'fields of a form',
  'features/rooms/CreateRoom.tsx': 'fields of a form',
  'features/rooms/Switcher.tsx': 'searches names',
  'features/search/completions.ts': 'types the username',
  'features/timeline/MessageRow.tsx': 'compares usernames with mentions',
};

it('every displayed name goes through names.ts', () => {
  const sources = import.meta.glob<string>('../../src/**/*.{ts,tsx}', {
    query: '?raw',
    import: 'default',
    eager: true,
  });
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const reads =
    /\.(?:display_name|username|topic)\b|\b(?:room|channel|state)\.(?:name|workspace)\b|\{(?:nameOf|roomTitle)\(/;
  const cleaned =
    /(?:isolated|cleanName)\((?:room|channel|state)\.\w+(?: \?\? '')?\)|<UserText>\{channel\.name \?\? ''\}/g;
  const offenders = Object.entries(sources)
    .map(([path, source]) => [path.replace('../../src/', ''), source.replace(cleaned, '')] as const)
    .filter(([path, source]) => !(path in RAW) && reads.test(source))
    .map(([path]) => path);
  expect(offenders).toEqual([]);
  for (const path of Object.keys(RAW)) expect(Object.keys(sources)).toContain(`../../src/${path}`);
});

it('names with direction controls change no text direction anywhere on the page', async () => {
  const { server, open } = world();
  const eve = server.users.get(BOB) as { -readonly [K in keyof User]: User[K] };
  eve.display_name = 'Eve\u202e \u2066Smith';
  Object.assign(server.rooms.get(1) as object, { name: 'fi\u202erst', topic: 'about \u2067this' });
  server.createRoom([ANN, BOB], 'direct');
  server.createRoom([ANN, BOB], 'group');
  server.post(1, BOB, 'hello @ann');
  const first = [...(server.rooms.get(1)?.messages.values() ?? [])][0] as Message;
  server.run(BOB, 'add_reaction', { message_id: first.id, emoji: '👍' });
  server.run(BOB, 'send_message', { room_id: 1, id: 'reply', content: 'answer', reply_to: first.id });
  const { screen, list, connected } = await open('/rooms/1');
  await connected();
  await expect.element(list.getByText('answer')).toBeVisible();
  server.run(BOB, 'typing', { room_id: 1, active: true });
  await expect.element(screen.getByText('Eve is typing')).toBeVisible();
  // Every text and label of the page.
  const said = [document.title, document.body.textContent ?? ''];
  for (const element of document.querySelectorAll('*')) said.push(...[...element.attributes].map(({ value }) => value));
  expect(said.filter((text) => TURNING.test(text))).toEqual([]);
});
