/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { describe, expect, it } from 'vitest';
import { BOB, liveWorld } from './world.ts';

const ROOT = new URL('../../', import.meta.url);

/** `file::function`, as ARCHITECTURE.md names what a message passes. */
const NAMED = /`(client\/src\/[\w./-]*\.ts)::(\w+)`/g;

describe('ARCHITECTURE.md', () => {
  it('names functions of the client that a message really passes, out and back', async () => {
    const page = readFileSync(new URL('ARCHITECTURE.md', ROOT), 'utf8');
    const named = [...page.matchAll(NAMED)].map(([, file, name]) => `${file}::${name}`);
    expect(named.length).toBeGreaterThan(5);

    const w = await liveWorld();
    const inspector = new Session();
    inspector.connect();
    await inspector.post('Profiler.enable');
    await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    void w.chat.sendChatMessage(1, 'out');
    await w.clock.advance(100);
    w.server.post(1, BOB, 'and back');
    await w.clock.advance(100);
    const { result } = await inspector.post('Profiler.takePreciseCoverage');
    inspector.disconnect();

    expect(w.texts(1)).toEqual(['out', 'and back']);
    const called = new Set(
      result.flatMap(({ url, functions }) =>
        functions
          .filter(({ ranges }) => ranges.some(({ count }) => count > 0))
          .map(({ functionName }) => `${url.slice(url.indexOf('client/src/'))}::${functionName}`),
      ),
    );
    expect(named.filter((each) => !called.has(each))).toEqual([]);
  });
});
