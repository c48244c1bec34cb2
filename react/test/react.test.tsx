import { type Chat, type ChatOptions, memoryStorage } from '@backchannel/client';
import { createFullChat } from '@backchannel/client/full';
import { MemoryNetwork, MemoryServer } from '@backchannel/client/testing';
import { StrictMode, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-react';
import {
  ConnectionStateIndicator,
  UnifiedChatProvider,
  type UnifiedChat,
  usePresence,
  useRoom,
  useRooms,
  useTimeline,
  useTyping,
  useUnifiedChat,
  useUnreadCount,
} from '../src/index.ts';

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000 });
const ANN = 1;
const BOB = 2;
const clock = {
  now: () => Date.now(),
  setTimeout: (run: () => void, delay_ms: number) => setTimeout(run, delay_ms),
  clearTimeout: (handle: unknown) => clearTimeout(handle as number),
};

function world(more: Partial<ChatOptions> = {}) {
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB], 'group', 'first');
  server.createRoom([ANN, BOB], 'group', 'second');
  const network = new MemoryNetwork(server, ANN);
  network.latency_ms = 1;
  const options: ChatOptions = {
    client: { name: 'test', version: '1' },
    fetch: network.fetch,
    WebSocket: network.WebSocket,
    storage: memoryStorage(),
    ...more,
  };
  return { server, network, options, chat: createFullChat(options) };
}

const within = (chat: Chat, children: ReactNode): ReactNode => (
  <UnifiedChatProvider chat={chat}>{children}</UnifiedChatProvider>
);
const connected = (chat: Chat) => until(() => expect(chat.getSnapshot().connection.status).toBe('connected'));

describe('useUnifiedChat', () => {
  it('has the original names and results', async () => {
    const { server, chat } = world();
    let unified: UnifiedChat | undefined;
    function Probe() {
      unified = useUnifiedChat();
      return <p>{unified.connectionStatus}</p>;
    }
    const screen = await render(within(chat, <Probe />));
    await expect.element(screen.getByText('connected')).toBeVisible();
    const now = (): UnifiedChat => unified as UnifiedChat;
    expect(now()).toMatchObject({ isConnected: true, totalUnreadCount: 0, unreadCounts: {}, messages: {} });
    expect(now().rooms.map((room) => room.name)).toEqual(['second', 'first']);
    await now().openRoom(1);
    expect(await now().sendChatMessage(1, 'hello')).toMatchObject({
      method: 'websocket',
      message: { content: 'hello' },
    });
    await until(() => expect(now().messages[1]).toHaveLength(1));
    const first = now().messages[1]?.[0];
    server.post(1, BOB, 'hi', first?.id);
    await until(() => expect(now().messages[1]).toHaveLength(2));
    expect(now()).toMatchObject({ totalUnreadCount: 1, unreadCounts: { 1: 1 } });
    expect(now().messages[1]?.[0]).toBe(first);
    expect(await now().refreshRoomList()).toMatchObject({ method: 'websocket', rooms: [{ id: 1 }, { id: 2 }] });
  });

  it('throws without a provider', () => {
    function Probe() {
      useUnifiedChat();
      return null;
    }
    expect(() => renderToString(<Probe />)).toThrow('UnifiedChatProvider');
  });

  it('renders on a server', () => {
    const { chat } = world();
    function Probe() {
      const { rooms, connectionStatus } = useUnifiedChat();
      return <p>{`${connectionStatus} ${rooms.length}`}</p>;
    }
    expect(renderToString(within(chat, <Probe />))).toBe('<p>connecting 0</p>');
  });
});

describe('the provider', () => {
  it('connects while it is mounted, under StrictMode too, and creates a chat from options', async () => {
    const { network, options } = world();
    function Probe() {
      return <p>{useRooms().length} rooms</p>;
    }
    const screen = await render(
      <StrictMode>
        <UnifiedChatProvider options={options}>
          <Probe />
        </UnifiedChatProvider>
      </StrictMode>,
    );
    await expect.element(screen.getByText('2 rooms')).toBeVisible();
    await until(() => expect(network.open.size).toBe(1));
    await screen.unmount();
    await until(() => expect(network.open.size).toBe(0));
  });
});

describe('selector hooks', () => {
  it('render only what changed', async () => {
    const { server, network, chat } = world();
    const renders: Record<string, number> = {};
    const count = (name: string): void => void (renders[name] = (renders[name] ?? 0) + 1);
    function One() {
      count('one');
      return (
        <p>
          {useTimeline(1)
            .messages.map((message) => message.content)
            .join()}
        </p>
      );
    }
    function Two() {
      count('two');
      return <p>{useTimeline(2).messages.length}</p>;
    }
    function RowTwo() {
      count('rowTwo');
      return <p>{useRoom(2)?.name}</p>;
    }
    function Unread() {
      count('unread');
      return <p>{useUnreadCount()} unread</p>;
    }
    function Bob() {
      count('bob');
      return <p>{usePresence(BOB)}</p>;
    }
    function Typing() {
      count('typing');
      return <p>{useTyping(1).length} typing</p>;
    }
    const screen = await render(
      within(
        chat,
        <>
          <One />
          <Two />
          <RowTwo />
          <Unread />
          <Bob />
          <Typing />
        </>,
      ),
    );
    await connected(chat);
    await until(() => {
      expect(chat.getTimeline(1).loading).toBeNull();
      expect(chat.getTimeline(2).loading).toBeNull();
    });
    // What the first load still has to draw is drawn within a frame: a second one that adds nothing shows that it is over.
    let before: Record<string, number>;
    do {
      before = { ...renders };
      await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
    } while (Object.keys(renders).some((name) => renders[name] !== before[name]));
    const grown = (): string[] => Object.keys(renders).filter((name) => renders[name] !== before[name]);
    server.post(1, BOB, 'only one');
    await expect.element(screen.getByText('only one')).toBeVisible();
    await expect.element(screen.getByText('1 unread')).toBeVisible();
    expect(grown().toSorted()).toEqual(['one', 'unread']);
    network.say({ type: 'presence', user_id: BOB, state: 'away' });
    await expect.element(screen.getByText('away')).toBeVisible();
    expect(grown().toSorted()).toEqual(['bob', 'one', 'unread']);
    network.say({ type: 'typing', room_id: 1, user_id: BOB, active: true });
    await expect.element(screen.getByText('1 typing')).toBeVisible();
    expect(renders.two).toBe(before.two);
    expect(renders.rowTwo).toBe(before.rowTwo);
  });
});

describe('ConnectionStateIndicator', () => {
  it('shows nothing on a quick start, and is hidden while connected', async () => {
    const { chat } = world();
    const texts = new Set<string>();
    const screen = await render(within(chat, <ConnectionStateIndicator />));
    const status = screen.getByRole('status');
    const observer = new MutationObserver(() => texts.add(status.element().textContent));
    observer.observe(status.element(), { subtree: true, childList: true });
    await connected(chat);
    expect([...texts]).toEqual([]);
    await expect.element(status).toBeEmptyDOMElement();
  });

  it('is yellow after a while, orange while HTTP works, and empty again', async () => {
    const { network, chat } = world();
    network.sockets = 'refused';
    network.latency_ms = 900;
    const screen = await render(within(chat, <ConnectionStateIndicator />));
    await expect.element(screen.getByText('Connecting to chat…')).toBeVisible();
    network.latency_ms = 1;
    await expect
      .element(screen.getByText('Chat disconnected. Reconnecting… You can keep writing; messages go out another way.'))
      .toBeVisible();
    expect(screen.container.querySelector('.backchannel-connection-spinner')).not.toBeNull();
    expect(screen.container.querySelector('[style]')).toBeNull();
    network.sockets = 'none';
    chat.retryNow();
    await expect.element(screen.getByRole('status')).toBeEmptyDOMElement();
  });

  it('goes to orange or red without a flash of yellow', async () => {
    const { network, chat } = world();
    network.sockets = 'refused';
    const shown: (string | undefined)[] = [];
    const screen = await render(within(chat, <ConnectionStateIndicator />));
    const look = () => {
      const status = screen.container.querySelector<HTMLElement>('[data-status]')?.dataset['status'];
      if (shown.at(-1) !== status) shown.push(status);
    };
    new MutationObserver(look).observe(screen.container, { subtree: true, childList: true, attributes: true });
    await expect.element(screen.getByText(/^Chat disconnected/)).toBeVisible();
    expect(shown).toEqual(['disconnected']);
    network.http = 'down';
    await expect.element(screen.getByText(/^Connection failed/), { timeout: 40_000 }).toBeVisible();
    expect(shown).toEqual(['disconnected', 'error']);
  }, 60_000);

  it('opens the list of unsent messages where the page has one', async () => {
    const { network, chat } = world();
    Object.assign(network, { sockets: 'refused', http: 'down' });
    const show = vi.fn<() => void>();
    const screen = await render(within(chat, <ConnectionStateIndicator onShowUnsent={show} />));
    chat.sendChatMessage(1, 'a').catch(() => undefined);
    await screen.getByRole('button', { name: '1 not sent yet' }).click();
    expect(show).toHaveBeenCalledOnce();
  });

  it('is red and still without any transport, counts unsent messages, and retries', async () => {
    const { network, chat } = world();
    network.sockets = 'refused';
    network.http = 'down';
    const screen = await render(within(chat, <ConnectionStateIndicator />));
    void chat.sendChatMessage(1, 'a');
    void chat.sendChatMessage(1, 'b');
    await expect
      .element(
        screen.getByText(
          'Connection failed… The server does not answer. You can keep writing; it is sent when the server is back.',
        ),
      )
      .toBeVisible();
    await expect.element(screen.getByText('2 not sent yet.')).toBeVisible();
    expect(screen.container.querySelector('.backchannel-connection-spinner')).toBeNull();
    // In one breath: it would come back by itself, and the button would be gone.
    const retry = screen.getByRole('button', { name: 'Retry now' }).element() as HTMLButtonElement;
    network.sockets = 'none';
    network.http = 'none';
    retry.click();
    await expect.element(screen.getByRole('status')).toBeEmptyDOMElement();
    await until(() => expect(chat.getSnapshot().outbox.waiting).toBe(0));
  });

  it.each([
    [4403, /You may not use this chat/, null],
    [4409, /newer window/, 'Use it here'],
    [4426, /Reload the page/, 'Reload'],
  ] as const)('says what to do after %i', async (code, words, button) => {
    const { network, chat } = world();
    const screen = await render(within(chat, <ConnectionStateIndicator />));
    await connected(chat);
    network.closeAll(code);
    await expect.element(screen.getByText(words)).toBeVisible();
    expect(
      screen
        .getByRole('button')
        .elements()
        .map((element) => element.textContent),
    ).toEqual(button ? [button] : []);
  });

  it('links to the sign-in', async () => {
    const { network, chat } = world();
    const screen = await render(within(chat, <ConnectionStateIndicator signInUrl="/sign-in" />));
    await connected(chat);
    network.http = 401;
    network.closeAll(4401);
    await expect.element(screen.getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/sign-in');
  });
});
