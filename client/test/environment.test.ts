import { afterEach, describe, expect, test, vi } from 'vitest';
import { createChat } from '../src/index.ts';
import { addressOf } from '../src/environment.ts';

const client = { name: 'test', version: '1' };

afterEach(() => vi.unstubAllGlobals());

describe('baseUrl', () => {
  test.each([
    [undefined, 'https://shop.example'],
    ['', 'https://shop.example'],
    ['/chat', 'https://shop.example/chat'],
    ['/chat/', 'https://shop.example/chat'],
    ['https://chat.example/', 'https://chat.example'],
    ['https://chat.example/below', 'https://chat.example/below'],
  ])('in a page, %j is %s', (given, address) => {
    vi.stubGlobal('location', { origin: 'https://shop.example' });
    expect(addressOf(given)).toBe(address);
  });

  test('a prefix counts for the socket too', async () => {
    vi.stubGlobal('location', { origin: 'https://shop.example' });
    const opened: string[] = [];
    class WebSocket {
      constructor(url: string) {
        opened.push(url);
      }
      close() {}
    }
    const fetch = () => new Promise<never>(() => {});
    const chat = createChat({ baseUrl: '/chat', client, fetch, WebSocket: WebSocket as never });
    chat.connect();
    await vi.waitFor(() => expect(opened).toEqual(['wss://shop.example/chat/ws']));
    await chat.disconnect();
  });

  test.each([undefined, 'chat.example', 'wss://chat.example'])(
    'a program outside of a page that gives %j gets an error with what to write',
    (baseUrl) => {
      const chat = createChat({ ...(baseUrl === undefined ? {} : { baseUrl }), client });
      expect(() => chat.connect()).toThrow("give the server's address, like https://chat.example.org");
      expect(chat.getSnapshot().connection.status).toBe('connecting');
    },
  );
});
