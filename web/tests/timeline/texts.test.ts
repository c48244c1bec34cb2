import { expect, it } from 'vitest';
import { reasonText } from '../../src/features/outbox/texts.ts';
import { typingText } from '../../src/features/timeline/TypingRow.tsx';

it('names who is typing, and how many others', () => {
  expect(typingText(['Ann'])).toBe('Ann is typing');
  expect(typingText(['Ann', 'Bob'])).toBe('Ann and Bob are typing');
  expect(typingText(['Ann', 'Bob', 'Cid'])).toBe('Ann, Bob and 1 other are typing');
  expect(typingText(['Ann', 'Bob', 'Cid', 'Dan'])).toBe('Ann, Bob and 2 others are typing');
});

it('explains to the writer why a message was not sent', () => {
  expect(reasonText({ code: 'expired', detail: '' })).toContain('more than a day');
  expect(reasonText({ code: 'not_a_member', detail: 'x' })).toContain('cannot write here');
  expect(reasonText({ code: 'invalid', detail: 'Content is empty.' })).toBe('Content is empty.');
});
