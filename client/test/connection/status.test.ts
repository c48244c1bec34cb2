import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INITIAL, type Model, type State } from '../../src/connection/machine.ts';
import {
  answered,
  damp,
  HOLD_MS,
  judge,
  NO_EVIDENCE,
  type Shown,
  unanswered,
  type Verdict,
} from '../../src/connection/status.ts';

const at = (state: State, more: Partial<Model> = {}): Model => ({ ...INITIAL, state, openedAt: 1, ...more });
const failing = unanswered(unanswered(NO_EVIDENCE));

describe('what the evidence says', () => {
  it('is connected only while the socket is proven', () => {
    for (const state of ['opening', 'greeting', 'catching_up', 'proving', 'leaving', 'waiting', 'asking'] as const) {
      expect(judge(at(state), answered(), true).status).not.toBe('connected');
    }
    expect(judge(at('live'), failing, false)).toEqual({ status: 'connected', reason: null, transport: 'websocket' });
    expect(judge(at('checking'), NO_EVIDENCE, true).status).toBe('connected');
  });

  it('is orange while HTTP answers, red when neither works, yellow when nothing is known', () => {
    expect(judge(at('waiting'), answered(), true)).toMatchObject({ status: 'disconnected', transport: 'rest' });
    expect(judge(at('waiting'), failing, true)).toMatchObject({
      status: 'error',
      reason: 'unreachable',
      transport: null,
    });
    expect(judge(at('opening'), NO_EVIDENCE, true)).toMatchObject({ status: 'connecting', transport: null });
  });

  it('takes one failed request for bad luck, unless the host knows that it is offline', () => {
    const once = unanswered(answered());
    expect(judge(at('waiting'), once, true).status).toBe('disconnected');
    expect(judge(at('waiting'), once, false)).toMatchObject({ status: 'error', reason: 'offline' });
    expect(judge(at('waiting'), answered(), false).status).toBe('disconnected');
  });

  it('says what a person has to do', () => {
    expect(judge(at('halted', { reason: 'signed_out' }), answered(), true)).toMatchObject({
      status: 'error',
      reason: 'signed_out',
    });
  });

  it('does not flash before the first connect', () => {
    expect(judge(INITIAL, NO_EVIDENCE, true).status).toBe('connecting');
    expect(judge(at('stopped'), answered(), true).status).toBe('disconnected');
  });
});

const yellow: Verdict = { status: 'connecting', reason: null, transport: null };
const green: Verdict = { status: 'connected', reason: null, transport: 'websocket' };
const orange: Verdict = { status: 'disconnected', reason: null, transport: 'rest' };
const red: Verdict = { status: 'error', reason: 'unreachable', transport: null };

describe('what is shown', () => {
  it('is good news at once while connecting', () => {
    expect(damp({ verdict: yellow, since: 0 }, green, 10)).toMatchObject({
      shown: { verdict: green, since: 10 },
      again: null,
    });
  });

  it('holds a colour for a second, yet tells the transport as it is', () => {
    const held = damp({ verdict: green, since: 0 }, orange, 300);
    expect(held.again).toBe(HOLD_MS);
    expect(held.shown.verdict).toMatchObject({ status: 'connected', transport: 'rest' });
    expect(damp(held.shown, orange, HOLD_MS).shown.verdict).toEqual(orange);
  });

  it('asks a person at once', () => {
    const signedOut: Verdict = { ...red, reason: 'signed_out' };
    expect(damp({ verdict: orange, since: 0 }, signedOut, 1).shown.verdict).toEqual(signedOut);
  });

  it('never alternates faster than once a second, and always ends at the truth', () => {
    const verdicts = fc.array(fc.tuple(fc.constantFrom(yellow, green, orange, red), fc.integer({ min: 1, max: 700 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(verdicts, (history) => {
        let shown: Shown = { verdict: yellow, since: 0 };
        let now = 0;
        let truth = yellow;
        for (const [verdict, delay_ms] of history) {
          now += delay_ms;
          truth = verdict;
          const before = shown;
          shown = damp(shown, verdict, now).shown;
          const flipped = shown.verdict.status !== before.verdict.status;
          if (flipped && before.verdict.status !== 'connecting')
            expect(now - before.since).toBeGreaterThanOrEqual(HOLD_MS);
        }
        expect(damp(shown, truth, now + HOLD_MS).shown.verdict).toEqual(truth);
      }),
    );
  });
});
