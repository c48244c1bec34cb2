import { expect, it } from 'vitest';
import { askedBy } from '../../src/features/fleet/messageName.ts';

it.each([
  ['https://chat.example.com/rooms/7/1042', { room: '7', seq: '1042' }],
  [' /rooms/7/1042?x=1 ', { room: '7', seq: '1042' }],
  ['0198a1b2-0000-4000-8000-000000000001', { message: '0198a1b2-0000-4000-8000-000000000001' }],
  ['https://chat.example.com/rooms/7', null],
  ['/rooms/7/10x', null],
  ['hello', null],
  ['', null],
])('%s names a message by %o', (text, asked) => {
  expect(askedBy(text)).toEqual(asked);
});
