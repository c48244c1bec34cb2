/** Answers of the server, as the tests of the page need them. */
import type {
  FleetAudit,
  FleetErrors,
  FleetFallback,
  FleetJourney,
  FleetNow,
  FleetPerson,
  FleetRecording,
  Stretch,
} from '../../src/features/fleet/answers.gen.ts';

const at = '2026-11-30T15:00:00Z';
const cleo = { id: 7, username: 'cleo', display_name: 'Cleo' };

export const now: FleetNow = {
  at,
  analytics: 'on',
  people: 41,
  sends_per_s: 1.25,
  delivery: { count: 900, p50: 0.025, p99: 2.5 },
  open: [
    { transport: 'websocket', client: 'web', count: 30 },
    { transport: 'http', client: 'web', count: 11 },
  ],
  minutes: [
    { at: '2026-11-30T14:50:00Z', websocket: 30, http: 10, people: 40, sends: 3 },
    { at: '2026-11-30T14:55:00Z', websocket: 30, http: 11, people: 41, sends: 5 },
  ],
  causes: [{ cause: 'upgrade_stripped', count: 11 }],
  nodes: [
    {
      id: '0a1b',
      version: '0.1.0',
      started_at: '2026-11-29T15:00:00Z',
      last_at: '2026-11-30T14:59:55Z',
      silent: false,
      bus_up: true,
      free_bytes: 5_000_000_000,
      size_bytes: 50_000_000_000,
    },
  ],
  backup: { at: '2026-11-28T15:00:00Z', size_bytes: 142_000_000 },
  problems: [{ alert: 'BackchannelBackupOld', text: 'the newest backup is 48 hours old' }],
  examined: {
    at,
    findings: [
      {
        code: 'D117',
        title: 'backups',
        is_problem: true,
        text: 'there is no recent backup',
        advice: 'systemctl enable --now backchannel-backup.timer',
      },
      { code: 'D102', title: 'addresses', is_problem: false, text: 'any host name is accepted', advice: '' },
    ],
  },
};

export const fallback: FleetFallback = {
  at,
  analytics: 'on',
  hours: [
    { at: '2026-11-30T13:00:00Z', attempts: 20, causes: { upgrade_stripped: 9, asleep: 1 } },
    { at: '2026-11-30T14:00:00Z', attempts: 12, causes: {} },
  ],
  places: [
    {
      network: '203.0.113.0/24',
      agent: 'chrome 131, windows',
      attempts: 20,
      failed: 9,
      low: 0.26,
      high: 0.66,
      cause: 'upgrade_stripped',
    },
  ],
  lives: [
    { up_to: 60, count: 4, cut: 4 },
    { up_to: 7200, count: 3, cut: 0 },
    { up_to: null, count: 0, cut: 0 },
  ],
  proxies: [{ via: '1.1 squid', attempts: 9, failed: 9 }],
  people: [
    {
      person: 7,
      username: 'cleo',
      since: '2026-11-30T14:02:00Z',
      agent: 'chrome 131, windows',
      network: '203.0.113.0/24',
      cause: 'upgrade_stripped',
    },
  ],
};

const stretch: Stretch = {
  transport: 'websocket',
  since: '2026-11-30T13:00:00Z',
  until: '2026-11-30T14:01:00Z',
  live: true,
  code: 1006,
  reason: 'link_lost',
  stage: 'live',
  cause: 'asleep',
  agent: 'safari 18, ios',
  network: '203.0.113.0/24',
  via: '',
  node: '0a1b',
};

export const person: FleetPerson = {
  at,
  analytics: 'on',
  person: cleo,
  lanes: [
    {
      name: 'A',
      agent: 'safari 18, ios',
      client: 'web',
      stretches: [
        stretch,
        { ...stretch, since: '2026-11-30T14:31:00Z', until: null, cause: '', code: null, reason: '' },
      ],
    },
  ],
  recordings: [{ id: '1764513065000000001', at: '2026-11-30T14:31:05Z', why: 'person', size_bytes: 9_000 }],
  partial: false,
};

export const recording: FleetRecording = {
  at: '2026-11-30T14:31:05Z',
  why: 'person',
  client: 'web 0.1.0',
  transport: 'http',
  waiting: 1,
  lines: [
    { at: '2026-11-30T14:30:00Z', text: 'connection from=live to=waiting on=closed failures=1' },
    { at: '2026-11-30T14:31:00Z', text: 'slept' },
  ],
};

const MESSAGE = '0198a1b2-0000-4000-8000-000000000001';
const general = { kind: 'channel', id: 3, name: 'general' } as const;

export const expected: FleetJourney = {
  at,
  analytics: 'on',
  person: cleo,
  expected: [{ id: MESSAGE, at: '2026-11-30T14:02:05Z', seq: 1042, room: general, arrived: null, read: false }],
  journey: null,
};

export const journey: FleetJourney = {
  at,
  analytics: 'on',
  person: cleo,
  expected: [],
  journey: {
    id: MESSAGE,
    seq: 1042,
    room: general,
    sender: { id: 8, username: 'ada', display_name: 'Ada' },
    verdict: 'Cleo has not been connected since 14:01:00 UTC (the device was asleep): it waits for them.',
    steps: [
      {
        step: 'committed',
        state: 'done',
        evidence: 'exact',
        earliest: '2026-11-30T14:02:05Z',
        latest: '2026-11-30T14:02:05Z',
        transport: null,
        text: 'As #1042 of the room.',
      },
      {
        step: 'seen',
        state: 'open',
        evidence: 'unknown',
        earliest: null,
        latest: null,
        transport: null,
        text: 'No connection has said so.',
      },
    ],
  },
};

export const errors: FleetErrors = {
  at,
  analytics: 'on',
  groups: [
    {
      side: 'server',
      kind: 'ValueError',
      place: 'store/log.py:commit',
      version: '0.1.0',
      first_at: '2026-11-30T14:00:00Z',
      last_at: '2026-11-30T14:10:00Z',
      count: 3,
      references: ['K7QF-2MZD'],
      sample: 'Traceback …',
    },
  ],
};

export const audit: FleetAudit = {
  at,
  entries: [
    {
      position: 12,
      at: '2026-11-30T14:00:00Z',
      actor: 'os:root@chat1',
      address: '',
      action: 'user_promoted',
      subject: 'cleo',
      details: {},
      digest: 'abc',
    },
  ],
};
