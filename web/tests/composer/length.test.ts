import { expect, it } from 'vitest';
import { bytesLeft, lengthNote } from '../../src/features/composer/length.ts';

const LIMIT = 16_384;

it('counts UTF-8 bytes, like the server', () => {
  expect(bytesLeft('ä'.repeat(8_192), LIMIT)).toBe(0);
  expect(bytesLeft('👍'.repeat(4_097), LIMIT)).toBe(-4);
  expect(bytesLeft('short', LIMIT)).toBe(LIMIT - 5);
});

it('shows a note only near the limit', () => {
  expect(lengthNote(LIMIT, LIMIT)).toBeNull();
  expect(lengthNote(100, LIMIT)).toBe('100 left');
  expect(lengthNote(-3, LIMIT)).toBe('3 too many');
});
