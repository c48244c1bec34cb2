import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { subscribePerFrame } from '../src/frames.ts';

/** A store, and listeners that count their calls. */
function store() {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    change: () => listeners.forEach((listener) => listener()),
    listen() {
      const listener = vi.fn<() => void>();
      return { listener, stop: subscribePerFrame(subscribe, listener) };
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
    one.change();
    other.change();
    await soon();
    for (const { listener } of [a, b, c]) expect(listener).toHaveBeenCalledTimes(1);
    frame();
    one.change();
    await soon();
    expect(a.listener).toHaveBeenCalledTimes(2);
    expect(c.listener).toHaveBeenCalledTimes(1);
  });

  it('once a frame for all changes since the last', async () => {
    const { change, listen } = store();
    const { listener } = listen();
    for (let turn = 0; turn < 10; turn += 1) {
      change();
      await soon();
    }
    expect(listener).toHaveBeenCalledTimes(1);
    frame();
    expect(listener).toHaveBeenCalledTimes(2);
    // A frame with news is followed by another that waits.
    change();
    await soon();
    expect(listener).toHaveBeenCalledTimes(2);
    frame();
    expect(listener).toHaveBeenCalledTimes(3);
    frame();
    frame();
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('at once for each change in a hidden page', async () => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    const { change, listen } = store();
    const { listener } = listen();
    for (let turn = 1; turn <= 3; turn += 1) {
      change();
      await soon();
      expect(listener).toHaveBeenCalledTimes(turn);
    }
  });

  it('without a frame after the longest delay', async () => {
    vi.spyOn(globalThis, 'requestAnimationFrame').mockReturnValue(0);
    const { change, listen } = store();
    const { listener } = listen();
    change();
    await soon();
    change();
    await soon();
    expect(listener).toHaveBeenCalledTimes(1);
    vi.runOnlyPendingTimers();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('not after they have unsubscribed', async () => {
    const { change, listen } = store();
    const { listener, stop } = listen();
    const { listener: stays } = listen();
    change();
    stop();
    await soon();
    expect(listener).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledTimes(1);
  });
});
