import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { subscribePerFrame } from '../src/frames.ts';

/** Something to listen to, and how often each who listens was told. */
function store() {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    says: () => listeners.forEach((listener) => listener()),
    listen() {
      const told = vi.fn<() => void>();
      return { told, stop: subscribePerFrame(subscribe, told) };
    },
  };
}

const soon = () => Promise.resolve();
/** A frame, and the task behind it. */
function frame(): void {
  vi.advanceTimersToNextFrame();
  vi.advanceTimersByTime(1);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // Whatever waits has its turn: the window is the same for the next test.
  vi.runAllTimers();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('listeners are called', () => {
  it('at once after the first change, and all together', async () => {
    const one = store();
    const other = store();
    const [a, b, c] = [one.listen(), one.listen(), other.listen()];
    one.says();
    other.says();
    await soon();
    for (const { told } of [a, b, c]) expect(told).toHaveBeenCalledTimes(1);
    frame();
    one.says();
    await soon();
    expect(a.told).toHaveBeenCalledTimes(2);
    expect(c.told).toHaveBeenCalledTimes(1);
  });

  it('once a frame for all changes since the last', async () => {
    const { says, listen } = store();
    const { told } = listen();
    for (let turn = 0; turn < 10; turn += 1) {
      says();
      await soon();
    }
    expect(told).toHaveBeenCalledTimes(1);
    frame();
    expect(told).toHaveBeenCalledTimes(2);
    // A frame with news is followed by another that waits.
    says();
    await soon();
    expect(told).toHaveBeenCalledTimes(2);
    frame();
    expect(told).toHaveBeenCalledTimes(3);
    frame();
    frame();
    expect(told).toHaveBeenCalledTimes(3);
  });

  it('at once for each change in a hidden page', async () => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    const { says, listen } = store();
    const { told } = listen();
    for (let turn = 1; turn <= 3; turn += 1) {
      says();
      await soon();
      expect(told).toHaveBeenCalledTimes(turn);
    }
  });

  it('without a frame after the longest delay', async () => {
    vi.spyOn(globalThis, 'requestAnimationFrame').mockReturnValue(0);
    const { says, listen } = store();
    const { told } = listen();
    says();
    await soon();
    says();
    await soon();
    expect(told).toHaveBeenCalledTimes(1);
    vi.runOnlyPendingTimers();
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('not after they have unsubscribed', async () => {
    const { says, listen } = store();
    const { told, stop } = listen();
    const { told: stays } = listen();
    says();
    stop();
    await soon();
    expect(told).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledTimes(1);
  });
});
