import type { Message, Quote, Room, User } from '@backchannel/client';

/** Believable people and talk for the story page. Nothing of this is in the build. */
const person = (id: number, username: string, display_name: string): User => ({ id, username, display_name });
export const me = person(1, 'maya', 'Maya Lindqvist');
export const tomas = person(2, 'tomas', 'Tomás Rivera');
export const priya = person(3, 'priya', 'Priya Natarajan');
export const jonas = person(4, 'jonas', 'Jonas Weber');
export const amara = person(5, 'amara', 'Amara Okafor');
export const ken = person(6, 'ken', 'Ken Ishikawa');
export const lena = person(7, 'lena', 'Lena Fischer');
export const everybody = [me, tomas, priya, jonas, amara, ken, lena];

const MINUTE = 60_000;
let made = 0;
const uuid = (): string => `0190f000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`;

export function message(
  room_id: number,
  seq: number,
  sender: User,
  content: string,
  at: number,
  extra: Partial<Message> = {},
): Message {
  return {
    id: uuid(),
    room_id,
    seq,
    rev_seq: seq,
    sender,
    content,
    reply_to: null,
    created_at: new Date(at).toISOString(),
    edited_at: null,
    deleted: false,
    reactions: [],
    attachments: [],
    mentions: everybody.filter((user) => content.includes(`@${user.username}`)).map((user) => user.id),
    ...extra,
  };
}

type Line = readonly [
  minutesAgo: number,
  sender: User,
  content: string,
  extra?: Partial<Message> & { replyTo?: number },
];

const DAY = 24 * 60;

const DESIGN: readonly Line[] = [
  [
    DAY + 220,
    lena,
    'The new empty states are in the file. I went with one sentence and one button everywhere, nothing else.',
  ],
  [DAY + 218, lena, 'Opinions welcome before I hand them to @tomas'],
  [DAY + 190, tomas, 'Love the tone. One question: what happens in the channel browser when the search finds nothing?'],
  [DAY + 186, lena, 'It offers to create the channel with that name. See page 3.'],
  [
    DAY + 185,
    priya,
    'That is so much better than a sad illustration 🙏',
    { reactions: [{ emoji: '💯', count: 3, user_ids: [1, 2, 7] }] },
  ],
  [
    DAY + 60,
    jonas,
    'Numbers from last week, for the review tomorrow:\n\n| | before | now |\n|---|---|---|\n| first message after sign-up | 41 s | 18 s |\n| drafts abandoned | 12 % | 4 % |',
  ],
  [DAY + 52, me, 'Eighteen seconds! What did we do, apart from removing things?'],
  [
    DAY + 51,
    jonas,
    'Mostly removing things.',
    {
      replyTo: 6,
      reactions: [
        { emoji: '😂', count: 4, user_ids: [2, 3, 6, 7] },
        { emoji: '🔥', count: 2, user_ids: [1, 5] },
      ],
    },
  ],
  [
    151,
    amara,
    'Morning! The staging server moved to the new rack overnight. If anything feels odd, tell me before you tell the internet.',
  ],
  [148, ken, 'Feels faster, is that allowed?'],
  [146, amara, 'Only until Friday.', { reactions: [{ emoji: '😂', count: 3, user_ids: [1, 3, 6] }] }],
  [
    62,
    priya,
    'I keep tripping over the retry logic, so here is the shape I would like. Same id every time, so a second try is free:\n\n```ts\nasync function send(message: Draft): Promise<Ack> {\n  for (const wait of backoff({ jitter: true })) {\n    const ack = await post(message.id, message); // same id, always\n    if (ack.ok || ack.final) return ack;\n    await sleep(wait);\n  }\n}\n```',
  ],
  [
    58,
    tomas,
    'Yes. And if the socket dies half way, the same id goes by plain HTTP. Whoever answers first wins.',
    { replyTo: 11 },
  ],
  [
    57,
    tomas,
    'I tried it on the train this morning: **eleven tunnels, nothing lost**, nothing twice.',
    {
      reactions: [
        { emoji: '🚀', count: 5, user_ids: [1, 3, 4, 5, 7] },
        { emoji: '👏', count: 2, user_ids: [3, 6] },
      ],
    },
  ],
  [
    33,
    me,
    'That is the demo. Put the train in the demo.',
    {
      reactions: [{ emoji: '🎉', count: 2, user_ids: [2, 7] }],
      edited_at: new Date(Date.now() - 32 * MINUTE).toISOString(),
    },
  ],
  [
    14,
    lena,
    'For the launch page I need three things by Thursday:\n\n1. the sentence under the headline\n2. one screenshot, light *and* dark\n3. somebody who is brave enough to be quoted',
  ],
  [9, jonas, '@maya could you write the sentence? Yours are the short ones.'],
  [8, lena, 'Seconded. Draft lives at https://northwind.example/launch/draft'],
  [3, ken, 'I can be brave, if nobody reads it.'],
];

function lines(room_id: number, all: readonly Line[]): Message[] {
  const now = Date.now();
  const result: Message[] = [];
  all.forEach(([ago, sender, content, extra = {}], index) => {
    const { replyTo, ...rest } = extra;
    const answered = replyTo === undefined ? undefined : result[replyTo];
    const quote: Quote | null = answered
      ? { id: answered.id, seq: answered.seq, sender: answered.sender, excerpt: answered.content.slice(0, 140) }
      : null;
    result.push(message(room_id, index + 1, sender, content, now - ago * MINUTE, { reply_to: quote, ...rest }));
  });
  return result;
}

/** A long past, for scrolling. */
function history(room_id: number, count: number): Message[] {
  const words = [
    'Shipped.',
    'Looking now.',
    'Can you try again with a clean profile?',
    'The build is green again; it was the clock of the runner.',
    'Coffee?',
    'I wrote it down in the handbook so that we do not have this talk a third time.',
    'That graph is upside down, but I like it.',
    'Two of three reviews are in. The third is asleep in another time zone, and will be for the next six hours or so, unless somebody phones.',
  ];
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const ago = (count - index) * 23 + DAY * 2;
    const sender = everybody[(index * 7 + Math.floor(index / 3)) % everybody.length] ?? me;
    return message(room_id, index + 1, sender, words[(index * 5) % words.length] ?? '', now - ago * MINUTE);
  });
}

export function demoRooms(): { rooms: Room[]; logs: Map<number, Message[]> } {
  const logs = new Map<number, Message[]>();
  const room = (
    id: number,
    kind: Room['kind'],
    name: string | null,
    members: User[],
    log: Message[],
    extra: Partial<Room> = {},
  ): Room => {
    logs.set(id, log);
    const last = log.at(-1);
    return {
      id,
      kind,
      name,
      topic: '',
      seq: last?.seq ?? 0,
      read_seq: last?.seq ?? 0,
      unread_count: 0,
      mention_count: 0,
      member_count: members.length,
      members,
      role: 'member',
      last_message: last
        ? { id: last.id, sender: last.sender, content: last.content, timestamp: last.created_at }
        : null,
      ...extra,
    };
  };
  const past = history(1, 400);
  const design = [
    ...past,
    ...lines(1, DESIGN).map((each) => ({ ...each, seq: each.seq + past.length, rev_seq: each.seq + past.length })),
  ];
  const head = design.length;
  const rooms = [
    room(1, 'channel', 'design', everybody, design, {
      topic: 'Interface, words and the launch page',
      role: 'owner',
      read_seq: head - 3,
      unread_count: 3,
      mention_count: 1,
    }),
    room(
      2,
      'channel',
      'general',
      everybody,
      lines(2, [
        [DAY * 3, amara, 'Office is closed on Friday, the plants are on their own.'],
        [170, ken, 'Lunch moved to 12:30, the soup is worth it'],
      ]),
    ),
    room(
      3,
      'channel',
      'incidents',
      everybody,
      lines(3, [
        [400, amara, 'Postmortem for Tuesday is up, five minutes to read'],
        [41, amara, 'All clear. Cause was a full disk on the **old** rack.'],
      ]),
      { topic: 'Calm voices only', unread_count: 2, read_seq: 0 },
    ),
    room(
      4,
      'channel',
      'reading-club',
      everybody.slice(0, 4),
      lines(4, [[DAY * 5, priya, 'Chapter four by the 12th?']]),
    ),
    room(
      5,
      'group',
      'Launch crew',
      [me, lena, jonas, tomas],
      lines(5, [
        [95, jonas, 'Slides are with legal'],
        [26, tomas, 'Legal says yes, with one comma'],
      ]),
      { topic: 'Thursday, 10:00', unread_count: 1, mention_count: 1, read_seq: 1 },
    ),
    room(6, 'group', null, [me, ken, amara], lines(6, [[DAY * 2 + 40, ken, 'Same table as last time?']])),
    room(
      7,
      'direct',
      null,
      [me, tomas],
      lines(7, [
        [500, tomas, 'Do you have ten minutes for the train story?'],
        [498, me, 'For that one, twenty'],
        [19, tomas, 'Recording is up, have a look when you can'],
      ]),
      { unread_count: 1, read_seq: 2 },
    ),
    room(
      8,
      'direct',
      null,
      [me, priya],
      lines(8, [
        [70, me, 'Your send loop is lovely'],
        [66, priya, 'It took four tries, fittingly'],
      ]),
    ),
    room(9, 'direct', null, [me, lena], lines(9, [[DAY + 300, me, 'Can I see the dark one?']])),
    room(10, 'direct', null, [me, ken], [], {}),
  ];
  return { rooms, logs };
}
