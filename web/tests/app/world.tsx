import '../../src/styles/index.css';
import { memoryStorage, uuidv7 } from '@backchannel/client';
import { MemoryNetwork, MemoryServer } from '@backchannel/client/testing';
import { StrictMode } from 'react';
import { expect, vi } from 'vitest';
import { render } from 'vitest-browser-react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { App } from '../../src/app/App.tsx';
import { openChat } from '../../src/app/openChat.ts';
import type { AccountState, AccountsApi } from '../../src/features/accounts/api.ts';

export const ANN = 1;
export const BOB = 2;
export const CID = 3;
const clock = {
  now: () => Date.now(),
  setTimeout: (run: () => void, delay_ms: number) => setTimeout(run, delay_ms),
  clearTimeout: (handle: unknown) => clearTimeout(handle as number),
};

/** A server with three users and two rooms with all of them, and Ann's browser. `open` renders the app for her. */
export function world() {
  localStorage.clear();
  const server = new MemoryServer(clock, ['ann', 'bob', 'cid']);
  server.createRoom([ANN, BOB, CID], 'channel', 'first');
  server.createRoom([ANN, BOB, CID], 'channel', 'second');
  const network = new MemoryNetwork(server, ANN);
  network.latency_ms = 1;
  // A unique build id, so that tests running in parallel share no connection.
  const opened = openChat(ANN, uuidv7(Date.now()), {
    client: { name: 'test', version: '1' },
    fetch: network.fetch,
    WebSocket: network.WebSocket,
    storage: memoryStorage(),
  });
  const state: AccountState = {
    setup_required: false,
    signup: 'invitation',
    workspace: 'Acme',
    user: { id: ANN, username: 'ann', display_name: 'Ann', staff: true },
  };
  // The initial state, until a form signs somebody in.
  let now = state;
  const signIn = async () => {
    now = state;
  };
  const api: AccountsApi = {
    getState: vi.fn<AccountsApi['getState']>(async () => now),
    setUp: vi.fn<AccountsApi['setUp']>(signIn),
    signIn: vi.fn<AccountsApi['signIn']>(signIn),
    confirmCode: vi.fn<AccountsApi['confirmCode']>(signIn),
    signUp: vi.fn<AccountsApi['signUp']>(signIn),
    signOut: vi.fn<AccountsApi['signOut']>(),
    changePassword: vi.fn<AccountsApi['changePassword']>(),
    devices: vi.fn<AccountsApi['devices']>(async () => []),
    signOutDevice: vi.fn<AccountsApi['signOutDevice']>(),
    signOutOthers: vi.fn<AccountsApi['signOutOthers']>(),
    tokens: vi.fn<AccountsApi['tokens']>(async () => []),
    revokeToken: vi.fn<AccountsApi['revokeToken']>(),
    invite: vi.fn<AccountsApi['invite']>(),
    isInvitationValid: vi.fn<AccountsApi['isInvitationValid']>(async () => true),
  };
  async function open(path = '/rooms/1', initial: Partial<AccountState> = {}) {
    const { hook } = memoryLocation({ path });
    now = { ...state, ...initial };
    const screen = await render(
      <StrictMode>
        <Router hook={hook}>
          <App api={api} initial={{ ...state, ...initial }} openChat={() => opened} />
        </Router>
      </StrictMode>,
    );
    return {
      screen,
      list: screen.getByRole('feed'),
      composer: screen.getByRole('textbox', { name: /^Message/ }),
      connected: () => vi.waitFor(() => expect(opened.chat.getSnapshot().connection.status).toBe('connected'), 15_000),
    };
  }
  return { server, network, api, state, open };
}

export const feed = (): HTMLElement => document.querySelector('[role=feed]') as HTMLElement;
/** Scrolls like a mouse wheel. */
export function scrollUp(px: number): void {
  feed().dispatchEvent(new WheelEvent('wheel', { deltaY: -px, bubbles: true }));
  feed().scrollTop -= px;
}
export async function frames(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
}
export const leftBelow = (): number => feed().scrollHeight - feed().scrollTop - feed().clientHeight;
/** The first message at least 150 px below the list's top, and its position. */
export function somewhere(): { id: string; top: number } {
  const edge = feed().getBoundingClientRect().top + 150;
  const row = [...feed().querySelectorAll('article')].find((each) => each.getBoundingClientRect().top > edge);
  return { id: row?.dataset['message'] ?? '', top: topOf(row?.dataset['message'] ?? '') };
}
export function topOf(id: string): number {
  return Math.round(document.querySelector(`[data-message="${id}"]`)?.getBoundingClientRect().top ?? Number.NaN);
}
export const shown = (): string[] => [...feed().querySelectorAll('.bc-text')].map((text) => text.textContent ?? '');
