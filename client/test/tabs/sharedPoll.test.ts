import { describe, expect, it } from 'vitest';
import { SharedPoll } from '../../src/tabs/sharedPoll.ts';
import { FakeClock, flushTasks } from '../../src/testing/index.ts';

const URL = 'http://memory/api/sync';
const init = (wait: number, signal?: AbortSignal): RequestInit => ({
  body: JSON.stringify({ wait, resume: { epoch: 'e' } }),
  ...(signal && { signal }),
});

/** A follower whose server answers every poll with one frame. */
function world() {
  const clock = new FakeClock();
  const asked: number[] = [];
  const state = { follows: true, epoch: 'e' as string | null, answers: [] as (string | null)[] };
  const poll = new SharedPoll({
    clock,
    fetch: async (_, request) => {
      asked.push((JSON.parse(request?.body as string) as { wait: number }).wait);
      return new Response('{"frames":["of the server"],"epoch":"e"}');
    },
    follows: () => state.follows,
    epoch: () => state.epoch,
    polled: (text) => state.answers.push(text),
  });
  const frames = async (response: Promise<Response>): Promise<unknown> =>
    ((await (await response).json()) as { frames: unknown }).frames;
  return { clock, asked, state, poll, frames };
}

describe('a follower’s poll', () => {
  it('that does not wait goes to the server', async () => {
    const w = world();
    expect(await w.frames(w.poll.fetch(URL, init(0)))).toEqual(['of the server']);
    expect(w.asked).toEqual([0]);
  });

  it('that waits is answered with the frames that the leader received since the last one', async () => {
    const w = world();
    await w.poll.fetch(URL, init(0));
    w.poll.receive('{"n":1}');
    w.poll.receive('[{"n":2},{"n":3}]');
    expect(await w.frames(w.poll.fetch(URL, init(25)))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const next = w.frames(w.poll.fetch(URL, init(25)));
    await flushTasks();
    w.poll.receive('{"n":4}');
    expect(await next).toEqual([{ n: 4 }]);
    expect(w.asked).toEqual([0]);
  });

  it('goes to the server when its time is over, or the leader’s poll failed: no answer is made up', async () => {
    const w = world();
    await w.poll.fetch(URL, init(0));
    const late = w.frames(w.poll.fetch(URL, init(25)));
    await w.clock.advance(25_000);
    expect(await late).toEqual(['of the server']);
    const doubted = w.frames(w.poll.fetch(URL, init(25)));
    await flushTasks();
    w.poll.askServer();
    expect(await doubted).toEqual(['of the server']);
    expect(w.asked).toEqual([0, 0, 0]);
  });

  it('goes to the server when the epoch is unknown, or too many frames were buffered', async () => {
    const w = world();
    await w.poll.fetch(URL, init(0));
    w.state.epoch = null;
    w.poll.receive('{"n":1}');
    expect(await w.frames(w.poll.fetch(URL, init(25)))).toEqual(['of the server']);
    w.state.epoch = 'e';
    for (let n = 0; n < 300; n++) w.poll.receive(`{"n":${n}}`);
    expect(await w.frames(w.poll.fetch(URL, init(25)))).toEqual(['of the server']);
  });

  it('ends when it is aborted', async () => {
    const w = world();
    await w.poll.fetch(URL, init(0));
    const abort = new AbortController();
    const ended = w.poll.fetch(URL, init(25, abort.signal)).catch((error: unknown) => error);
    await flushTasks();
    abort.abort(new Error('over'));
    expect(await ended).toMatchObject({ message: 'over' });
  });
});

describe('the leader’s poll', () => {
  it('goes to the server unchanged, and its answer to the other tabs', async () => {
    const w = world();
    w.state.follows = false;
    expect(await w.frames(w.poll.fetch(URL, init(25)))).toEqual(['of the server']);
    expect(w.asked).toEqual([25]);
    expect(w.state.answers).toEqual(['{"frames":["of the server"],"epoch":"e"}']);
  });
});
