import { describe, expect, it } from 'vitest';
import { uuidv7 } from '../src/uuid.ts';

describe('a message id', () => {
  it('is a UUID of version 7 that carries its time', () => {
    const at = Date.UTC(2100, 0, 1);
    const id = uuidv7(at);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at);
  });

  it('sorts by creation, in one millisecond and when the clock steps back', () => {
    const now = Date.UTC(2101, 0, 1);
    const ids = Array.from({ length: 10_000 }, (_, i) => uuidv7(now - (i % 7)));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
