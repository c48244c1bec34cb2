import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INITIAL, type Model, type State } from '../../src/connection/machine.ts';
import {
  damp,
  HOLD_MS,
  judge,
  NO_EVIDENCE,
  type Shown,
  type Verdict,
  withRequest,
} from '../../src/connection/status.ts';

const at = (state: State, more: Partial<Model> = {}): Model => ({ ...INITIAL, state, openedAt: 1, ...more });
const answered = withRequest(NO_EVIDENCE, true);
const failing = withRequest(withRequest(NO_EVIDENCE, false), false);

describe('the status', () => {
  it('is connected only while the socket is proven', () => {
    for (const state of ['opening', 'greeting', 'catching_up', 'proving', 'leaving', 'waiting', 'asking'] as const) {
      expect(judge(at(state), answered, true).status).not.toBe('connected');
    }
    expect(judge(at('live'), failing, false)).toEqual({ status: 'connected', reason: null, transport: 'websocket' });
    expect(judge(at('checking'), NO_EVIDENCE, true).status).toBe('connected');
  });

  it('is orange while HTTP answers, red when neither works, yellow when nothing is known', () => {
    expect(judge(at('waiting'), answered, true)).toMatchObject({ status: 'disconnected', transport: 'rest' });
    expect(judge(at('waiting'), failing, true)).toMatchObject({
      status: 'error',
      reason: 'unreachable',
      transport: null,
    });
    expect(judge(at('opening'), NO_EVIDENCE, true)).toMatchObject({ status: 'connecting', transport: null });
  });

  it('ignores one failed request, unless the host reports that it is offline', () => {
    const once = withRequest(answered, false);
    expect(judge(at('waiting'), once, true).status).toBe('disconnected');
    expect(judge(at('waiting'), once, false)).toMatchObject({ status: 'error', reason: 'offline' });
    expect(judge(at('waiting'), answered, false).status).toBe('disconnected');
  });

  it('has the reason when a person has to act', () => {
    expect(judge(at('halted', { reason: 'signed_out' }), answered, true)).toMatchObject({
      status: 'error',
      reason: 'signed_out',
    });
  });

  it('is not orange before the first connect', () => {
    expect(judge(INITIAL, NO_EVIDENCE, true).status).toBe('connecting');
    expect(judge(at('stopped'), answered, true).status).toBe('disconnected');
  });
});

const yellow: Verdict = { status: 'connecting', reason: null, transport: null };
const green: Verdict = { status: 'connected', reason: null, transport: 'websocket' };
const orange: Verdict = { status: 'disconnected', reason: null, transport: 'rest' };
const red: Verdict = { status: 'error', reason: 'unreachable', transport: null };
const shownAt = (since: number, verdict: Verdict): Shown => ({ verdict, since, again: null });

describe('what is shown', () => {
  it('is connected at once after connecting', () => {
    expect(damp(shownAt(0, yellow), green, 10)).toEqual(shownAt(10, green));
  });

  it('keeps a colour for a second, with the current transport', () => {
    const held = damp(shownAt(0, green), orange, 300);
    expect(held.again).toBe(HOLD_MS);
    expect(held.verdict).toMatchObject({ status: 'connected', transport: 'rest' });
    expect(damp(held, orange, HOLD_MS).verdict).toEqual(orange);
  });

  it('asks a person to act at once', () => {
    const signedOut: Verdict = { ...red, reason: 'signed_out' };
    expect(damp(shownAt(0, orange), signedOut, 1).verdict).toEqual(signedOut);
  });

  it('never changes faster than once a second, and always ends at the current status', () => {
    const verdicts = fc.array(fc.tuple(fc.constantFrom(yellow, green, orange, red), fc.integer({ min: 1, max: 700 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(verdicts, (history) => {
        let shown: Shown = shownAt(0, yellow);
        let now = 0;
        let truth = yellow;
        for (const [verdict, delay_ms] of history) {
          now += delay_ms;
          truth = verdict;
          const before = shown;
          shown = damp(shown, verdict, now);
          const flipped = shown.verdict.status !== before.verdict.status;
          if (flipped && before.verdict.status !== 'connecting')
            expect(now - before.since).toBeGreaterThanOrEqual(HOLD_MS);
        }
        expect(damp(shown, truth, now + HOLD_MS).verdict).toEqual(truth);
      }),
    );
  });
});
