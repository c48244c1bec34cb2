/**
 * The story page: the whole app on a chat that lives in this tab. `npm run dev -w web`, then
 * /static/web/dev/index.html?screen=app&at=/rooms/1 ; screens: app, empty, loading, setup, signin, invite, over.
 * `chat` in the console plays the others: `chat.receive(1, 2, 'Hi')`, `chat.sends = 'fail'`.
 */
import '../src/styles/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { App } from '../src/app/App.tsx';
import { AccountError, type AccountState, type AccountsApi } from '../src/features/accounts/api.ts';
import { me } from './demo.ts';
import { createFakeChat } from './fakeChat.ts';

const query = new URLSearchParams(location.search);
const screen = query.get('screen') ?? 'app';
const inside = ['app', 'empty', 'loading'].includes(screen);
const chat = createFakeChat({ empty: screen === 'empty', loadsNever: screen === 'loading' });
Object.assign(window, { chat });

const state: AccountState = {
  setup_required: screen === 'setup',
  signup: screen === 'invite' || screen === 'over' ? 'invitation' : 'open',
  workspace: 'Northwind',
  user: inside ? { ...me, staff: true } : null,
};
const refuse = async () => {
  throw new AccountError({ password: 'The password is not right.' }, null, 400);
};
const api: AccountsApi = {
  getState: async () => state,
  setUp: refuse,
  signIn: refuse,
  confirmCode: refuse,
  signUp: refuse,
  signOut: async () => undefined,
  changePassword: refuse,
  invite: async () => ({
    url: 'https://chat.northwind.example/invite/4fQ2hTz8Lw0cVnYx',
    expires_at: new Date(Date.now() + 6e8).toISOString(),
  }),
  isInvitationOpen: async () => screen === 'invite',
};

const start = query.get('at') ?? (screen === 'invite' || screen === 'over' ? '/invite/abc' : '/');
const { hook } = memoryLocation({ path: start });
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Router hook={hook}>
        <App api={api} initial={state} makeChat={() => chat} />
      </Router>
    </StrictMode>,
  );
}
