import './styles/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { App } from './app/App.tsx';
import { prepareHistory, useAppLocation } from './app/location.ts';
import { openChat } from './app/openChat.ts';
import { createAccountsApi, stateOfPage } from './features/accounts/api.ts';
import { takeSetupSecret } from './features/accounts/setupSecret.ts';

takeSetupSecret();
const page = stateOfPage();
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');

prepareHistory(Boolean(page?.user));
createRoot(root).render(
  <StrictMode>
    <Router hook={useAppLocation}>
      <App
        api={createAccountsApi()}
        initial={page}
        // The file name contains a hash of its content, so it identifies the build.
        openChat={(userId) =>
          openChat(userId, import.meta.url, { client: { name: 'web', version: page?.version ?? '0' } })
        }
      />
    </Router>
  </StrictMode>,
);
